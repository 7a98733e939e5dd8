(function () {
  "use strict";
  var D = JSON.parse(document.getElementById("data").textContent);
  var root = document.documentElement, doc = document.getElementById("document");
  var book = document.getElementById("book"), panel = document.getElementById("panel");
  var live = document.getElementById("live");
  var tabs = Array.prototype.slice.call(book.querySelectorAll("[role=tab]"));
  var sheets = Array.prototype.slice.call(book.querySelectorAll(".sheet"));
  var KINDS = { e: "错误", w: "警告", i: "提示", a: "已说明" };
  var EXCERPT = 24;
  var uses = {}, said = {}, origin = null;

  root.classList.add("js");
  all(doc, "[data-c]").forEach(function (one) {
    cellsOf(one).forEach(function (c) { (uses[c] = uses[c] || []).push(one); });
  });
  D.findings.forEach(function (f, n) {
    f[5].split(" ").forEach(function (c) { if (c) { (said[c] = said[c] || []).push(n); } });
  });
  // One stop of the Tab key for each table; inside it the arrow keys move.
  all(document, "table.doc, table.grid").forEach(function (table) {
    var first = true;
    all(table, "[data-c], td[id]").forEach(function (cell) {
      cell.setAttribute("tabindex", first ? "0" : "-1");
      first = false;
    });
  });
  select(0, false);

  function all(where, what) { return Array.prototype.slice.call(where.querySelectorAll(what)); }
  function cellsOf(one) { return (one.getAttribute("data-c") || "").split(" ").filter(Boolean); }
  function cell(c) { return document.getElementById("c" + c); }
  function letters(n) { var s = ""; while (n > 0) { s = String.fromCharCode(65 + (n - 1) % 26) + s; n = Math.floor((n - 1) / 26); } return s; }
  function address(c) { var p = c.split("."); return D.names[p[0]] + "!" + letters(+p[2]) + p[1]; }
  function text(one) { return one ? one.textContent.trim() : ""; }
  function make(tag, words, kind) {
    var made = document.createElement(tag);
    if (words !== undefined) { made.textContent = words; }
    if (kind) { made.className = kind; }
    return made;
  }
  function button(words, act) {
    var made = make("button", words);
    made.type = "button";
    made.addEventListener("click", act);
    return made;
  }
  function unmark() { all(document, ".on, .lit").forEach(function (one) { one.classList.remove("on", "lit"); }); }

  function select(n, focus) {
    tabs.forEach(function (tab, at) {
      tab.setAttribute("aria-selected", String(at === n));
      tab.setAttribute("tabindex", at === n ? "0" : "-1");
      if (sheets[at]) { sheets[at].classList.toggle("now", at === n); }
    });
    if (focus && tabs[n]) { tabs[n].focus(); }
  }
  function goCell(c) {
    var found = cell(c);
    select(+c.split(".")[0], false);
    if (found) { goTo(found); }
  }
  function goTo(one) {
    all(document, ".on").forEach(function (other) { other.classList.remove("on"); });
    one.classList.add("on");
    one.scrollIntoView({ block: "center", inline: "nearest" });
    one.focus({ preventScroll: true });
  }
  function place(one) {
    var spot = one.closest("[data-p]");
    return spot ? D.spots[+spot.getAttribute("data-p")] : "";
  }
  function excerpt(one) {
    var label = one.getAttribute("aria-label");
    if (label) { return label; }
    var shown = text(one), row = one.closest("tr");
    if (row) {
      var lead = Array.prototype.find.call(row.cells, function (td) { return /[^\d.,\s-]/.test(td.textContent); });
      return (lead && lead !== one ? text(lead) + "：" : "") + shown.slice(0, 2 * EXCERPT);
    }
    var block = one.closest("[data-p]"), range = document.createRange();
    if (!block) { return shown; }
    range.selectNodeContents(block);
    range.setEndBefore(one);
    var before = range.toString();
    range.selectNodeContents(block);
    range.setStartAfter(one);
    var after = range.toString();
    return (before.length > EXCERPT ? "…" : "") + before.slice(-EXCERPT) + "【" + shown.slice(0, 2 * EXCERPT) + "】" +
      after.slice(0, EXCERPT / 2) + (after.length > EXCERPT / 2 ? "…" : "");
  }

  function open(from, title, parts) {
    origin = from;
    panel.textContent = "";
    var shut = button("关闭（Esc）", close);
    shut.className = "close";
    panel.appendChild(shut);
    panel.appendChild(make("h2", title));
    parts.forEach(function (part) { if (part) { panel.appendChild(part); } });
    panel.hidden = false;
    live.textContent = text(panel);
  }
  function close() {
    if (panel.hidden) { return; }
    panel.hidden = true;
    live.textContent = "";
    unmark();
    if (origin) {
      if (origin.closest(".sheet")) { select(sheets.indexOf(origin.closest(".sheet")), false); }
      origin.focus();
    }
  }
  function list(items) {
    if (!items.length) { return null; }
    var made = make("ul");
    items.forEach(function (item) { var li = make("li"); li.appendChild(item); made.appendChild(li); });
    return made;
  }
  function findingsOf(cells) {
    var numbers = [];
    cells.forEach(function (c) { (said[c] || []).forEach(function (n) { if (numbers.indexOf(n) < 0) { numbers.push(n); } }); });
    return numbers.map(function (n) {
      var f = D.findings[n];
      return make("p", KINDS[f[1]] + " [" + f[0] + "] " + f[2] + (f[4] ? "（说明：" + f[4] + "）" : "　" + f[3]), f[1] === "e" ? "bad" : "");
    });
  }
  function showFigure(one) {
    unmark();
    one.classList.add("on");
    var cells = cellsOf(one), k = one.getAttribute("data-k"), parts = [];
    var shown = one.getAttribute("aria-label") || text(one);
    if (k !== null) {
      var told = D.told[+k];
      parts.push(make("p", "公式：" + told[0]));
      parts.push(make("p", "计算：" + told[1] + (told[1] === told[2] ? "" : " = " + told[2]) + (told[2] === shown ? "" : "，公开为 " + shown), "num"));
    }
    if (one.classList.contains("loose")) {
      parts.push(make("p", "未勾连：工作簿中没有相同的数，请核对出处。", "bad"));
      if (cells.length) { parts.push(make("p", "这段文字取自：")); }
    } else if (one.classList.contains("hand")) {
      parts.push(make("p", "在文档中手工输入，不是由工作簿生成。"));
    } else if (one.classList.contains("same")) {
      parts.push(make("p", "手写文字中的数，与下列单元格的数相同："));
    } else if (k === null) {
      parts.push(make("p", "取自："));
    } else {
      parts.push(make("p", "单元格（金额单位以工作簿为准：" + D.unit + "）："));
    }
    parts.push(list(cells.map(function (c) {
      var found = cell(c);
      if (found) { found.classList.add("lit"); }
      return button(address(c) + (D.words[c] ? "　" + D.words[c] : "") + "　" + (text(found).slice(0, 60) || "（空）"), function () { goCell(c); });
    })));
    open(one, shown.slice(0, 80), parts.concat(findingsOf(cells)));
    if (cells.length) {
      select(+cells[0].split(".")[0], false);
      if (cell(cells[0])) { cell(cells[0]).scrollIntoView({ block: "center", inline: "nearest" }); }
    }
  }
  function showCell(one) {
    unmark();
    one.classList.add("on");
    var c = one.id.slice(1), found = uses[c] || [];
    var parts = [make("p", "填列：" + (text(one) || "（空）") + (one.classList.contains("x") ? "（公式结果）" : ""), "num")];
    parts.push(make("p", found.length ? "公开文档中用到 " + found.length + " 处：" : "公开文档中没有用到。"));
    parts.push(list(found.map(function (use) {
      use.classList.add("lit");
      return button((place(use) ? place(use) + "　" : "") + excerpt(use), function () { goTo(use); });
    })));
    open(one, address(c) + (D.words[c] ? "　" + D.words[c] : ""), parts.concat(findingsOf([c])));
    if (found.length) { found[0].scrollIntoView({ block: "center", inline: "nearest" }); }
  }
  function show(target) {
    var one = target.closest && target.closest("[data-c], [data-k], mark.loose, .hand");
    if (one && doc.contains(one)) { showFigure(one); return one; }
    one = target.closest && target.closest("td[id]");
    if (one && book.contains(one)) { showCell(one); return one; }
    return null;
  }
  function step(one, key) {
    var row = one.closest("tr"), rows, at, found;
    if (!row) { return null; }
    var usable = function (td) { return td.hasAttribute("tabindex"); };
    if (key === "ArrowLeft" || key === "ArrowRight") {
      found = key === "ArrowLeft" ? one.previousElementSibling : one.nextElementSibling;
      while (found && !usable(found)) { found = key === "ArrowLeft" ? found.previousElementSibling : found.nextElementSibling; }
      return found;
    }
    rows = Array.prototype.slice.call(row.closest("table").rows);
    for (at = rows.indexOf(row) + (key === "ArrowUp" ? -1 : 1); at >= 0 && at < rows.length; at += key === "ArrowUp" ? -1 : 1) {
      found = Array.prototype.filter.call(rows[at].cells, usable);
      if (found.length) {
        var left = one.offsetLeft;
        return found.reduce(function (a, b) { return Math.abs(b.offsetLeft - left) < Math.abs(a.offsetLeft - left) ? b : a; });
      }
    }
    return null;
  }

  window.addEventListener("beforeprint", function () {
    all(document, "details").forEach(function (one) { one.open = true; });
  });
  document.addEventListener("click", function (event) {
    var go = event.target.closest("[data-go]");
    if (go) { goCell(go.getAttribute("data-go")); showCell(cell(go.getAttribute("data-go")) || go); return; }
    var tab = event.target.closest("[role=tab]");
    if (tab) { select(tabs.indexOf(tab), true); return; }
    show(event.target);
  });
  document.addEventListener("keydown", function (event) {
    var key = event.key, one = event.target, at = tabs.indexOf(one);
    if (key === "Escape") { close(); return; }
    if (event.ctrlKey || event.altKey || event.metaKey) { return; }
    if (at >= 0 && /^(Arrow(Left|Right|Up|Down)|Home|End)$/.test(key)) {
      var n = key === "Home" ? 0 : key === "End" ? tabs.length - 1 : at + (/Left|Up/.test(key) ? -1 : 1);
      select((n + tabs.length) % tabs.length, true);
      event.preventDefault();
    } else if ((key === "Enter" || key === " ") && one.hasAttribute("tabindex") && one.tagName !== "BUTTON" && show(one)) {
      event.preventDefault();
      var first = panel.querySelector("li button") || panel.querySelector("button");
      if (first) { first.focus({ preventScroll: true }); }
    } else if (/^Arrow/.test(key) && /^T[DH]$/.test(one.tagName)) {
      var next = step(one, key);
      if (next) { one.setAttribute("tabindex", "-1"); next.setAttribute("tabindex", "0"); next.focus(); event.preventDefault(); }
    }
  });
})();
