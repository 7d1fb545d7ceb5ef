#!/usr/bin/env python3
"""Opens the report in a real browser: at three widths, in both themes, with few steps and with thousands.

    page.py BIN OUT CHROMIUM

Nothing may go wrong in it, nothing may leave it, hostile texts must stay texts, and everybody must be able to
read it: own checks of names, contrast, order of headings and room. Pictures are left in OUT.
"""
import json
import os
import pathlib
import sys
import tempfile

import browser
import world

CONTRAST = """(() => {
  const parse = c => { const m = c.match(/[\\d.]+/g).map(Number);
    if (c.startsWith('color(srgb')) return [m[0]*255, m[1]*255, m[2]*255, m[3] ?? 1];
    return [m[0], m[1], m[2], m[3] ?? 1]; };
  const lum = c => { const f = v => { v /= 255; return v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; };
    return .2126 * f(c[0]) + .7152 * f(c[1]) + .0722 * f(c[2]); };
  const over = (a, b) => [0, 1, 2].map(i => a[i] * a[3] + b[i] * (1 - a[3])).concat(1);
  const behind = e => { const stack = []; for (let n = e; n; n = n.parentElement) stack.push(n);
    let c = [255, 255, 255, 1];
    for (const n of stack.reverse()) { const b = parse(getComputedStyle(n).backgroundColor); if (b[3]) c = over(b, c); }
    return c; };
  const bad = new Set();
  const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  for (let t; t = walk.nextNode();) {
    const e = t.parentElement;
    if (!t.textContent.trim() || /SCRIPT|STYLE|NOSCRIPT|OPTION/.test(e.tagName)) continue;
    const s = getComputedStyle(e);
    if (!e.checkVisibility({ checkVisibilityCSS: true }) || e.closest('.vh, .skiplink, svg.heat')) continue;
    const isSVG = e.namespaceURI.endsWith('svg');
    const ink = parse(isSVG ? s.fill : s.color), paper = behind(isSVG ? e.closest('svg').parentElement : e);
    const a = lum(over(ink, paper)), b = lum(paper), ratio = (Math.max(a, b) + .05) / (Math.min(a, b) + .05);
    const size = parseFloat(s.fontSize), isLarge = size >= 24 || (size >= 18.66 && +s.fontWeight >= 700);
    if (ratio < (isLarge ? 3 : 4.5)) bad.add(`${e.tagName}.${e.getAttribute('class') || ''} ${ratio.toFixed(2)} '${
      t.textContent.trim().slice(0, 30)}'`);
  }
  return [...bad];
})()"""
NAMES = """[...document.querySelectorAll('button, input, select, a[href], [role=img], [role=button], summary,'
  + '[role=application], dialog[open], section')].filter(e => e.checkVisibility()).filter(e => {
  const label = e.getAttribute('aria-label') || (e.getAttribute('aria-labelledby') || '').split(' ')
    .map(i => document.getElementById(i)?.textContent || '').join('') || e.labels?.[0]?.textContent
    || e.textContent;
  return !label.trim();
}).map(e => e.outerHTML.slice(0, 80))"""
SMALL = """[...document.querySelectorAll('button, input, select, summary')].filter(e => e.checkVisibility())
  .filter(e => { const r = e.getBoundingClientRect(); return r.width > 0 && (r.height < 23.5 || r.width < 23.5); })
  .map(e => e.outerHTML.slice(0, 80))"""
HEADINGS = "[...document.querySelectorAll('h1, h2, h3')].filter(e => e.checkVisibility()).map(e => +e.tagName[1])"
TWICE = """(() => { const ids = [...document.querySelectorAll('[id]')].map(e => e.id);
  return ids.filter((x, i) => ids.indexOf(x) !== i); })()"""


class Faults:
    """What is wrong, with where."""

    def __init__(self):
        self.found = []

    def want(self, isGood, what):
        if not isGood:
            self.found.append(what)
            print("FAIL", what)


def look(b, faults, address, name, width, height, theme, out, picture=True):
    b.open(address, width, height, theme)
    where = f"{name} {width} {theme}"
    faults.want(b.run("matchMedia('(prefers-color-scheme: dark)').matches") == (theme == "dark"), f"{where}: theme")
    for script, what in ((CONTRAST, "contrast"), (NAMES, "no name"), (SMALL, "small target"), (TWICE, "id twice")):
        bad = b.run(script)
        faults.want(not bad, f"{where}: {what}: {bad[:5]}")
    room = b.run("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    faults.want(room <= 0, f"{where}: scrolls sideways by {room}")
    levels = b.run(HEADINGS)
    faults.want(levels and levels[0] == 1 and levels.count(1) == 1
                and all(b - a <= 1 for a, b in zip(levels, levels[1:])), f"{where}: headings {levels}")
    faults.want(b.run("document.documentElement.lang") == "en", f"{where}: language")
    faults.want(b.run("Boolean(window.pwned) || document.images.length > 0") is False, f"{where}: a text acted")
    if picture:
        b.picture(out / f"{name}-{width}-{theme}.png")


def hostile(b, faults, address):
    """What strangers wrote is there as text, all of it, and nothing else came of it."""
    b.open(address, 1280, 900, "light")
    text = b.run("document.getElementById('rows').textContent")
    faults.want("<script>window.pwned=1</script>" in text, "the hostile title is not there as text")
    faults.want("<U+202E>" in text and "\u202e" not in b.run("document.documentElement.outerHTML"),
                "a direction mark is in the page")
    faults.want(b.run("document.querySelectorAll('script').length") == 2, "there are more scripts")
    # The policy refuses what the page itself does not do.
    b.run("""(() => { const s = document.createElement('script'); s.textContent = 'window.pwned = 1';
      document.body.append(s); const i = document.createElement('img'); i.src = 'http://127.0.0.1:9/x';
      document.body.append(i); document.body.setAttribute('onclick', 'window.pwned = 1'); document.body.click();
      })()""")
    faults.want(not b.run("Boolean(window.pwned)"), "the policy let a script run")
    sent = [e for e in b.events if e.get("method") == "Network.responseReceived"
            and "127.0.0.1" in e["params"]["response"]["url"]]
    faults.want(not sent, "the policy let a picture be fetched")


def hands(b, faults, address, out):
    """With the keyboard alone: filter, drawer, next blocked step, and back."""
    b.open(address, 1280, 900, "light")
    roles = b.nodes()
    for role, name in (("heading", "Waits for you"), ("slider", "Moment of the ledger"), ("searchbox", "Filter")):
        faults.want(any(r == role and name in n for r, n in roles), f"a screen reader is told no {role} '{name}'")
    b.press("b")
    faults.want(b.run("document.getElementById('dlg').open"), "'b' opens no step")
    faults.want(b.run("document.activeElement.closest('dialog') != null"), "the focus is not in the drawer")
    b.picture(out / "shop-step.png")
    words = b.run("document.getElementById('in').textContent")
    for wanted in ("Attempt", "git migrate show"):
        faults.want(wanted in words, f"the drawer lacks '{wanted}'")
    for script, what in ((CONTRAST, "contrast"), (NAMES, "no name")):
        bad = b.run(script)
        faults.want(not bad, f"drawer: {what}: {bad[:5]}")
    faults.want("step=" in b.run("location.hash"), "the address does not name the step")
    b.press("Escape")
    faults.want(not b.run("document.getElementById('dlg').open"), "Escape leaves the drawer open")
    b.press("/")
    faults.want(b.run("document.activeElement.id") == "q", "'/' does not lead to the filter")
    all_rows = b.run("document.getElementById('rows').children.length")
    b.run("(q => { q.value = 'legacy'; q.dispatchEvent(new Event('input')); })(document.getElementById('q'))")
    rows = b.run("document.getElementById('rows').children.length")
    faults.want(0 < rows < all_rows, f"the filter shows {rows} of {all_rows}")
    b.run("(t => { t.value = 1; t.dispatchEvent(new Event('input')); })(document.getElementById('time'))")
    b.run("new Promise(r => requestAnimationFrame(() => requestAnimationFrame(r)))")
    faults.want(not b.run("document.getElementById('past').hidden"), "the slider shows no earlier moment")


def main():
    binary, out, chromium = pathlib.Path(sys.argv[1]).resolve(), pathlib.Path(sys.argv[2]), sys.argv[3]
    out.mkdir(parents=True, exist_ok=True)
    faults = Faults()
    with tempfile.TemporaryDirectory() as folder, open(out / "chromium.log", "wb") as log:
        small = world.World(pathlib.Path(folder) / "small", binary)
        small.shop()
        large = world.World(pathlib.Path(folder) / "large", binary)
        large.thousands(10_000)
        pages = {}
        for name, w in (("shop", small), ("thousands", large)):
            file = out / f"{name}.html"
            w.migrate("report", "--since", "yesterday", "--html", str(file.resolve()))
            pages[name] = file.resolve()
        size = pages["thousands"].stat().st_size
        print(f"10,000 steps: {size / 1e6:.2f} MB")
        faults.want(size < 3_000_000, f"a page of 10,000 steps has {size} bytes")
        b = browser.Browser(chromium, pathlib.Path(folder) / "profile", log)
        try:
            for name, file in pages.items():
                address = file.as_uri()
                for width, height in ((390, 844), (1280, 900), (2560, 1440)):
                    for theme in ("light", "dark"):
                        look(b, faults, address, name, width, height, theme, out)
                        bad = b.complaints(address)
                        faults.want(not bad, f"{name} {width} {theme}: {bad[:5]}")
            hostile(b, faults, pages["shop"].as_uri())
            hands(b, faults, pages["shop"].as_uri(), out)
        finally:
            b.close()
    print(f"the page: {'ok' if not faults.found else json.dumps(len(faults.found)) + ' faults'}; pictures in '{out}'")
    return 1 if faults.found else 0


if __name__ == "__main__":
    os.environ.pop("DISPLAY", None)
    sys.exit(main())
