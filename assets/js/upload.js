// A drop zone that posts one file to a route of ours and shows how far it is; without a route it reads a text file.
import { createElement as h, useEffect, useRef, useState } from "react";
import { useCopy } from "./copy.js";
import { useFormat } from "./format.js";

const texts = (object) => Object.fromEntries(Object.entries(object).map(([key, value]) => [key, String(value)]));

export function UploadZone({ url, accept, maxBytes, title, hint, fields, onDone, onProblem }) {
  const t = useCopy();
  const f = useFormat();
  const input = useRef(null);
  const [state, setState] = useState({ isOver: false, share: null, name: "", problem: null });
  const patch = (changes) => setState((old) => ({ ...old, ...changes }));
  const fail = (key, params = {}, answer = {}) => {
    patch({ share: null, problem: { key, params } }); // said in words below: they may still have to be fetched
    onProblem?.({ ...texts(answer), ...texts(params), key });
  };

  function send(file) {
    if (!file || state.share !== null) return;
    const kinds = (accept ?? "").split(",").filter(Boolean);
    if (kinds.length && !kinds.some((kind) => file.name.toLowerCase().endsWith(kind) || file.type === kind)) return fail("kit.upload.wrong_kind");
    if (file.size > maxBytes) return fail("kit.upload.too_large", { size: f.bytes(file.size), limit: f.bytes(maxBytes) });
    if (file.size === 0) return fail("kit.upload.empty");
    patch({ share: 0, name: file.name, problem: null });
    if (!url) {
      file.text().then((content) => { patch({ share: null, name: "" }); onDone?.({ content, name: file.name }); }, () => fail("kit.upload.lost"));
      return;
    }
    const body = new FormData();
    // Before the file: a key that makes sending the same choice twice one and the same request.
    body.append("key", crypto.randomUUID?.() ?? `${Date.now()}-${Math.random()}`);
    Object.entries(fields ?? {}).forEach(([name, value]) => body.append(name, value));
    body.append("file", file);
    const request = new XMLHttpRequest();
    request.open("POST", url);
    request.setRequestHeader("accept", "application/json");
    request.upload.onprogress = (event) => { if (event.lengthComputable) patch({ share: event.loaded / event.total }); };
    request.onerror = () => fail("kit.upload.lost");
    request.onload = () => {
      let answer = {};
      try { answer = JSON.parse(request.responseText); } catch { /* not ours: a proxy's page */ }
      if (request.status >= 400) return fail(answer.key ?? "kit.upload.failed", answer.params ?? {}, answer);
      patch({ share: null, name: "" });
      onDone?.(texts(answer));
    };
    request.send(body);
  }

  // A file that was chosen while the page's script was still on its way.
  useEffect(() => {
    const early = input.current.files[0];
    if (early) { input.current.value = ""; send(early); }
  }, []);

  const over = (isOver) => (event) => { event.preventDefault(); patch({ isOver }); };
  const drop = (event) => { event.preventDefault(); patch({ isOver: false }); send(event.dataTransfer.files[0]); };
  const busy = state.share !== null;
  return h("label", { className: `drop ${state.isOver ? "is-over" : ""}`, onDragOver: over(true), onDragLeave: over(false), onDrop: drop, "aria-busy": busy },
    h("input", { ref: input, type: "file", accept, className: "visually-hidden", disabled: busy,
      onChange: (event) => { send(event.target.files[0]); event.target.value = ""; } }),
    busy ? h("b", null, t("kit.upload.sending", { name: state.name })) : h("b", null, title),
    busy ? h("div", { className: "bar drop-bar", role: "progressbar", "aria-label": state.name, "aria-valuenow": Math.round(state.share * 100), "aria-valuemin": 0, "aria-valuemax": 100 },
      h("i", { style: { width: `${state.share * 100}%` } })) : h("span", { className: "meta" }, hint),
    state.problem ? h("span", { className: "field-error", role: "alert" }, t(state.problem.key, state.problem.params)) : null,
    busy ? null : h("span", { className: "btn", "aria-hidden": "true" }, t("kit.upload.choose")));
}
