// Calls as they happen, by server-sent events: the newest first, a few hundred at most, drawn a few times a second.
(() => {
  "use strict";
  const MOST = 200;
  const EVERY = 250; // ms
  const live = document.getElementById("live");
  const at = (id) => document.getElementById(id);
  const body = at("calls").tBodies[0];
  live.hidden = false;

  const calls = new Map(); // by request id, as far as under way
  let rows = []; // what is to be seen, the newest first
  let counted = { ended: 0, failed: 0 };
  let paused = false;
  let dirty = false;

  const grouped = (number) => (number == null ? "\u2013" : new Intl.NumberFormat("en").format(number));
  const took = (seconds) => {
    if (seconds == null) return "\u2013";
    const [value, unit] = seconds < 1 ? [seconds * 1000, "ms"] : [seconds, "s"];
    return `${value.toFixed(value < 10 ? 2 : value < 100 ? 1 : 0)}\u00a0${unit}`;
  };
  const money = (text) => {
    if (text == null) return "\u2013";
    const [whole, fraction = ""] = text.split(".");
    return `${whole}.${fraction.padEnd(2, "0")}`;
  };
  // An amount keeps the digits that it came with: no number of ours has touched them.
  const parse = (text) =>
    JSON.parse(text, (name, value, context) => (name === "cost" && typeof value === "number" ? (context?.source ?? String(value)) : value));
  const clock = (date) => date.toISOString().slice(11, 19);

  const cell = (text, className, title) => {
    const made = document.createElement("td");
    if (className) made.className = className;
    const inner = document.createElement("bdi");
    inner.textContent = text ?? "\u2013";
    if (title) made.title = title;
    made.append(inner);
    return made;
  };
  const badge = (state, word) => {
    const made = document.createElement("td");
    made.append(Object.assign(document.createElement("span"), { className: `badge ${state}`, textContent: word }));
    return made;
  };
  const drawn = (row) => {
    const line = document.createElement("tr");
    if (row.remark) {
      line.className = "remark";
      const words = cell(row.remark);
      words.colSpan = 9;
      line.append(cell(row.time, "when"), badge(row.state, row.word), words);
      return line;
    }
    const link = document.createElement("td");
    link.append(
      Object.assign(document.createElement("a"), {
        className: "mono",
        href: `/admin/requests/${encodeURIComponent(row.id)}`,
        textContent: row.id.length > 13 ? `\u2026${row.id.slice(-10)}` : row.id, // ids of one hour begin alike
        title: row.id,
      }),
    );
    const model = row.provider ? `${row.provider}/${row.model}` : undefined;
    line.append(
      cell(row.time, "when"),
      badge(row.state, row.word),
      cell(model, "long", model),
      cell(money(row.cost), "money"),
      cell(took(row.duration), "num"),
      cell(took(row.first), "num"),
      cell(grouped(row.prompt), "num"),
      cell(grouped(row.completion), "num"),
      cell(row.route, "long", row.route),
      cell(row.key, "long", row.key),
      link,
    );
    return line;
  };

  const fits = (row, wanted) => !wanted || Object.values(row).some((value) => typeof value === "string" && value.toLowerCase().includes(wanted));
  const show = () => {
    if (!dirty) return;
    dirty = false;
    at("under-way").textContent = grouped(calls.size);
    at("ended").textContent = grouped(counted.ended);
    at("failed").textContent = grouped(counted.failed);
    if (paused) return;
    const wanted = at("only").value.trim().toLowerCase();
    const seen = rows.filter((row) => fits(row, wanted));
    body.replaceChildren(...seen.map(drawn));
    at("nothing").hidden = seen.length > 0;
    at("nothing").textContent = rows.length ? "None of those that came fits." : "Nothing yet. A call appears here as soon as it begins.";
  };
  const put = (row) => {
    rows.unshift(row);
    if (rows.length > MOST) rows.length = MOST;
    dirty = true;
  };

  const told = {
    started(event) {
      const row = { id: event.request_id, time: clock(new Date()), state: "quiet", word: "under way" };
      calls.set(row.id, row);
      put(row);
    },
    attempt_failed(event) {
      const row = calls.get(event.request_id);
      if (!row) return;
      row.state = "warn";
      row.word = event.will_retry ? "trying again" : "failed over";
      row.route = event.route;
      dirty = true;
    },
    finished(event) {
      let row = calls.get(event.request_id);
      if (row) calls.delete(row.id);
      else put((row = { id: event.request_id }));
      counted.ended += 1;
      if (event.status >= 400) counted.failed += 1;
      Object.assign(row, {
        time: clock(new Date(event.finished_at)),
        state: event.status < 400 ? "good" : event.status < 500 ? "warn" : "bad",
        word: event.cache === "hit" ? `${event.status} cached` : event.attempts > 1 ? `${event.status} after ${event.attempts}` : `${event.status}`,
        route: event.route,
        provider: event.provider,
        model: event.model,
        key: event.key ?? undefined,
        prompt: event.prompt_tokens,
        completion: event.completion_tokens,
        cost: event.cost,
        duration: event.duration,
        first: event.time_to_first_token,
      });
      dirty = true;
    },
    circuit(event) {
      const state = { closed: "good", half_open: "warn", open: "bad" }[event.state] ?? "warn";
      put({ time: clock(new Date()), state, word: `circuit ${event.state.replace("_", " ")}`, remark: `${event.provider}, endpoint ${event.endpoint}: ${event.previous.replace("_", " ")} before` });
    },
    config(event) {
      const loaded = event.outcome === "loaded";
      put({ time: clock(new Date(event.at)), state: loaded ? "good" : "bad", word: loaded ? "file loaded" : "file refused", remark: `Revision ${event.revision} is in force` });
    },
    left_out(event) {
      put({ time: clock(new Date()), state: "warn", word: "left out", remark: `${grouped(event.count)} events came faster than this page took them` });
    },
  };

  const connection = (state, word) => {
    const badge = at("connection");
    badge.className = `badge ${state}`;
    if (badge.textContent !== word) badge.textContent = word;
  };
  const source = new EventSource(live.dataset.events);
  source.addEventListener("open", () => connection("good", "Connected"));
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) {
      connection("bad", "Ended: load the page again");
      return;
    }
    connection("warn", "Connecting again");
    calls.clear(); // what ended meanwhile was told to nobody
    rows = rows.filter((row) => row.word !== "under way" && row.word !== "trying again");
    dirty = true;
  });
  for (const [name, take] of Object.entries(told)) source.addEventListener(name, (event) => take(parse(event.data)));

  at("pause").addEventListener("click", () => {
    paused = !paused;
    at("pause").textContent = paused ? "Go on" : "Pause";
    dirty = true;
  });
  at("clear").addEventListener("click", () => {
    rows = [];
    counted = { ended: 0, failed: 0 };
    dirty = true;
  });
  at("only").addEventListener("input", () => {
    dirty = true;
  });
  setInterval(show, EVERY);
  addEventListener("pagehide", () => source.close());
})();
