"""French typography: what a sentence should look like. `python -m tests.copy.typography` puts the catalogues right."""

import json
import re
from pathlib import Path

FOLDER = Path(__file__).parents[2] / "fitmycv_admin" / "copy" / "fr"
WIDE, NARROW = "\u00a0", "\u202f"
GAP = "[ \u00a0\u202f]*"


def french(text: str) -> str:
    """The sentence with no-break spaces before : ; ? ! % » and after «, and with curly apostrophes."""
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text)
    text = re.sub(rf"{GAP}([;?!])(?=[\s»)]|$)", rf"{NARROW}\1", text)
    text = re.sub(rf"(?<=\S){GAP}:(?=\s|$)", f"{WIDE}:", text)
    text = re.sub(rf"(?<=[\d}}]){GAP}%(?!\w)", f"{WIDE}%", text)
    text = re.sub(rf"«{GAP}", f"«{WIDE}", text)
    return re.sub(rf"{GAP}»", f"{WIDE}»", text)


def main() -> None:
    """Rewrite the French catalogues."""
    for file in sorted(FOLDER.glob("*.json")):
        words = json.loads(file.read_text(encoding="utf-8"))
        put_right = {key: french(text) for key, text in words.items()}
        if put_right != words:
            file.write_text(json.dumps(put_right, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
