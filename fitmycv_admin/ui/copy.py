"""Sentences in components: `t("area.key")` is translated in the browser, at once when the language changes."""

import json
from typing import Any

import reflex as rx
from reflex.vars import VarData

_COPY = VarData(
    imports={"$/public/js/copy.js": [rx.ImportVar(tag="useCopy", install=False)]},
    hooks={"const _t = useCopy();": None},
)


def t(key: str, **params: Any) -> rx.Var[str]:
    """The sentence for a catalogue key; parameters may be constants or Vars (numbers as numbers)."""
    return _translated(json.dumps(key), params, None)


def t_word(prefix: str, word: rx.Var[Any] | str, **params: Any) -> rx.Var[str]:
    """The sentence whose key ends with a value known only in the browser: `t_word("tasks.state", row.state)`."""
    if isinstance(word, str):
        return t(f"{prefix}.{word}", **params)
    return _translated(f"{json.dumps(prefix + '.')}+({word!s})", params, word)


def t_key(key: rx.Var[str] | str, **params: Any) -> rx.Var[str]:
    """The sentence for a whole key that comes from the server, an error of a form for instance."""
    return t(key, **params) if isinstance(key, str) else _translated(f"({key!s})", params, key)


def t_given(key: rx.Var[str], params: rx.Var[Any]) -> rx.Var[str]:
    """The sentence for a whole key and its parameters that both come from the server: why a task failed, say."""
    return rx.Var(
        _js_expr=f"_t({key!s},{params!s})",
        _var_type=str,
        _var_data=VarData.merge(_COPY, key._get_all_var_data(), params._get_all_var_data()),
    )


def _translated(key: str, params: dict[str, Any], word: rx.Var[Any] | None) -> rx.Var[str]:
    given = {name: rx.Var.create(value) for name, value in params.items()}
    inner = ",".join(f"{json.dumps(name)}:{value!s}" for name, value in given.items())
    sources = [*given.values(), *([word] if word is not None else [])]
    return rx.Var(
        _js_expr=f"_t({key},{{{inner}}})" if given else f"_t({key})",
        _var_type=str,
        _var_data=VarData.merge(_COPY, *[source._get_all_var_data() for source in sources]),
    )
