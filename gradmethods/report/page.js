// What a page can do beyond being read: sort and filter tables, show values of points and single methods,
// enlarge figures, say where one is. Without scripts everything is there all the same.
"use strict";
(() => {
  const make = (tag, more = {}, ...inside) => {
    const made = Object.assign(document.createElement(tag), more);
    made.append(...inside);
    return made;
  };

  // Numbers as tables write them: "12.3 [12.1, 12.6] µs", "1,185", "≥ 7", "1.2e-7", "21 KiB (136×)", "∞", "–".
  const UNITS = { ns: 1e-9, "µs": 1e-6, ms: 1e-3, s: 1, min: 60, h: 3600, B: 1, KiB: 1024, MiB: 2 ** 20, GiB: 2 ** 30 };
  const value = (text) => {
    if (/^∞/.test(text)) return Number.MAX_VALUE;
    const found = text.replace(/,(?=\d{3})/g, "").replace(/−/g, "-").match(/^\D*?(-?\d+(?:\.\d+)?(?:e[-+]?\d+)?)/);
    if (!found) return NaN;
    const unit = text.match(/(?:^|[\s\]\d])(ns|µs|ms|s|min|h|B|KiB|MiB|GiB)(?=\s*\(|$)/);
    return Number(found[1]) * (unit ? UNITS[unit[1]] : 1);
  };

  const compare = (numeric) => (a, b) => {
    if (!numeric) return a.localeCompare(b, "en", { numeric: true });
    const [x, y] = [value(a), value(b)];
    return Number.isNaN(x) ? (Number.isNaN(y) ? 0 : Infinity) : Number.isNaN(y) ? -Infinity : x - y;
  };

  for (const table of document.querySelectorAll("table")) {
    const [body, heads] = [table.tBodies[0], [...table.tHead.rows[0].cells]];
    const rows = [...body.rows];
    if (rows.length < 2) continue;
    const numeric = (table.dataset.numeric || "").split(" ").map(Number);
    heads.forEach((head, column) => {
      const button = make("button", { type: "button", title: "Sort" }, ...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") === "ascending";
        heads.forEach((each) => each.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const order = compare(numeric.includes(column));
        const text = (row) => row.cells[column].textContent.trim();
        // What has no number stands last, whichever way.
        rows.sort((a, b) => {
          const by = order(text(a), text(b));
          return Math.abs(by) === Infinity ? by : down ? -by : by;
        });
        body.append(...rows);
      });
    });
    if (rows.length < 9) continue;
    const box = table.closest(".scroll"), all = box.parentNode.querySelector(":scope > .all");
    const field = make("input", { type: "search", placeholder: "Filter rows" });
    field.setAttribute("aria-label", `Filter rows: ${table.caption.textContent}`);
    const count = make("span", {});
    count.setAttribute("role", "status");
    field.addEventListener("input", () => {
      const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
      let left = 0;
      for (const row of rows) {
        const text = row.textContent.toLowerCase(), shown = words.every((word) => text.includes(word));
        row.classList.toggle("off", !shown);
        left += shown;
      }
      // Who looks for a row wants it among all.
      if (all && words.length) all.checked = true;
      count.textContent = words.length ? `${left} of ${rows.length} rows` : "";
    });
    const tools = box.parentNode.querySelector(":scope > .tools");
    tools.prepend(field, count);
  }

  // Figures: values of points, methods to hide, and a large view.
  const dialog = make("dialog", {});
  const large = make("div", { className: "large", tabIndex: 0 });
  const close = make("button", { type: "button", className: "plain" }, "Close");
  close.addEventListener("click", () => dialog.close());
  dialog.append(close, large);
  document.body.append(dialog);

  for (const plot of document.querySelectorAll(".plot")) {
    const wide = plot.querySelector(".wide > svg");
    const enlarge = () => {
      const copy = wide.cloneNode(true);
      copy.querySelectorAll(".off").forEach((each) => each.classList.remove("off"));
      large.replaceChildren(copy);
      dialog.showModal();
    };
    const button = make("button", { type: "button", className: "plain enlarge" }, "Enlarge");
    button.addEventListener("click", enlarge);
    plot.after(make("div", { className: "tools" }, button));
    if (matchMedia("(max-width: 40rem)").matches) plot.addEventListener("click", enlarge);

    const points = [...wide.querySelectorAll("use > title")].map((title) => {
      const [mark, words] = [title.parentNode, title.textContent];
      title.remove(); // ours shows it at once, the browser's after a while: not both
      return { mark, words, method: mark.closest("[data-method]").dataset.method };
    });
    if (!points.length) continue;

    const shown = make("div", { className: "value" });
    shown.setAttribute("role", "status");
    plot.append(shown);
    plot.tabIndex = 0;
    plot.setAttribute("role", "group");
    plot.setAttribute("aria-label", "Figure: arrow keys go through its points");
    const hidden = new Set();
    let current = -1;
    const show = (index) => {
      current = index;
      if (index < 0) { shown.textContent = ""; return; }
      const [at, frame] = [points[index].mark.getBoundingClientRect(), plot.getBoundingClientRect()];
      shown.textContent = points[index].words;
      const left = at.x + at.width / 2 - frame.x + 10;
      shown.style.left = `${Math.max(0, Math.min(left, frame.width - shown.offsetWidth - 4))}px`;
      shown.style.top = `${at.y - frame.y - 30}px`;
    };
    plot.addEventListener("pointermove", (event) => {
      let [best, least] = [-1, 24];
      points.forEach(({ mark, method }, index) => {
        if (hidden.has(method)) return;
        const at = mark.getBoundingClientRect();
        const away = Math.hypot(event.clientX - at.x - at.width / 2, event.clientY - at.y - at.height / 2);
        if (away < least) [best, least] = [index, away];
      });
      show(best);
    });
    plot.addEventListener("pointerleave", () => show(-1));
    plot.addEventListener("blur", () => show(-1));
    plot.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
      if (event.key === "Escape") show(-1);
      if (!step || hidden.size >= new Set(points.map((each) => each.method)).size) return;
      event.preventDefault();
      let next = current;
      do next = (next + step + points.length) % points.length; while (hidden.has(points[next].method));
      show(next);
    });

    const methods = [...new Set(points.map((each) => each.method))];
    const list = make("div", { className: "methods" });
    list.setAttribute("role", "group");
    list.setAttribute("aria-label", "Methods shown");
    for (const method of methods) {
      const own = points.find((each) => each.method === method);
      const box = make("input", { type: "checkbox", checked: true });
      const swatch = make("span", { className: "swatch" });
      swatch.style.background = plot.dataset.colours ? JSON.parse(plot.dataset.colours)[method] : "#555";
      box.addEventListener("change", () => {
        box.checked ? hidden.delete(method) : hidden.add(method);
        for (const part of plot.querySelectorAll("[data-method]")) {
          if (part.dataset.method === method) part.classList.toggle("off", !box.checked);
        }
        show(-1);
      });
      list.append(make("label", {}, box, swatch, own.words.replace(/, [nN] = .*$/, "")));
    }
    plot.before(list);
  }

  // The contents follow the reader; a link opens the part that it leads to; paper has no folds.
  const links = new Map([...document.querySelectorAll("nav a")].map((link) => [link.hash.slice(1), link]));
  const parts = [...document.querySelectorAll("[data-part]")];
  const follow = () => {
    const above = parts.filter((part) => part.getBoundingClientRect().top < innerHeight / 3);
    const here = (above.at(-1) || parts[0]).dataset.part;
    links.forEach((link, id) => (id === here ? link.setAttribute("aria-current", "true") : link.removeAttribute("aria-current")));
  };
  addEventListener("scroll", follow, { passive: true });
  addEventListener("resize", follow);
  follow();
  const open = () => {
    const target = location.hash && document.getElementById(decodeURIComponent(location.hash.slice(1)));
    for (let each = target; each; each = each.parentElement) if (each.tagName === "DETAILS") each.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", open);
  open();
  const folds = [...document.querySelectorAll("details")];
  const every = document.querySelector("nav");
  const unfold = make("button", { type: "button", className: "plain" }, "Open all parts");
  unfold.addEventListener("click", () => {
    const opened = unfold.textContent.startsWith("Open");
    document.querySelectorAll("details.part").forEach((each) => (each.open = opened));
    unfold.textContent = opened ? "Close all parts" : "Open all parts";
  });
  every.append(unfold);
  let folded = [];
  addEventListener("beforeprint", () => {
    folded = folds.filter((each) => !each.open);
    folded.forEach((each) => (each.open = true));
  });
  addEventListener("afterprint", () => folded.forEach((each) => (each.open = false)));
})();
