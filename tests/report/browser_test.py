"""Opens the sample pages in headless Chromium at two widths, in light and dark, and with scripts off: nothing in the
console, nothing loaded, every chart drawn, nothing cut off, text with enough contrast; and uses the layer table.
usage: browser_test.py SAMPLE_PAGES [FOLDER FOR SCREENSHOTS]"""
import pathlib
import subprocess
import sys
import tempfile

from browser import Browser

program = sys.argv[1]
pictures = pathlib.Path(sys.argv[2]) if len(sys.argv) > 2 else None
CHARTS = {"full60": 24 + 5 + 4 + 3 + 2 + 1 + 1, "full300": 24 + 5 + 4 + 3 + 2 + 1 + 1, "bare": 8 + 2 + 1, "hostile": 8 * 3 + 1 + 4 + 3 + 1 + 1 + 1, "empty": 0}

LAYOUT = r"""(() => {
  const wrong = [];
  const say = (what, element) => wrong.push(`${what}: ${element.tagName} ${element.getAttribute('class') || element.id} ${element.textContent.slice(0, 40)}`);
  if (document.documentElement.scrollWidth > innerWidth) wrong.push(`the page is ${document.documentElement.scrollWidth} wide`);
  for (const chart of document.querySelectorAll('svg.chart')) {
    const box = chart.getBoundingClientRect();
    if (box.width < 40 || box.height < 6) say('chart without size', chart);
    const marks = [...chart.querySelectorAll('.mark, .dot, .track')].map((mark) => mark.getBoundingClientRect());
    if (!marks.some((mark) => mark.width > 0 && mark.height > 0)) say('chart without marks', chart);
    if (marks.some((mark) => mark.left < box.left - 1 || mark.right > box.right + 1 || mark.top < box.top - 1 || mark.bottom > box.bottom + 1)) say('mark outside its chart', chart);
    const texts = [...chart.querySelectorAll('text')].map((text) => [text, text.getBoundingClientRect()]);
    for (const [text, at] of texts) {
      if (at.left < box.left - 1 || at.right > box.right + 1 || at.top < box.top - 1 || at.bottom > box.bottom + 1) say('label outside its chart', text);
      for (const [other, there] of texts) {
        if (other !== text && at.left < there.right - 1 && there.left < at.right - 1 && at.top < there.bottom - 2 && there.top < at.bottom - 2) say('labels overlap', text);
      }
    }
  }
  for (const element of document.querySelectorAll('header *, section *')) {
    if (element.closest('.scroll, svg, .name > *, details:not([open]) > :not(summary)')) continue;
    const box = element.getBoundingClientRect();
    const room = element.closest('header, section').getBoundingClientRect();
    if (box.width && (box.left < room.left - 1 || box.right > room.right + 1)) say('sticks out of its section', element);
    if (element.scrollWidth > element.clientWidth + 1 && element.clientWidth && !element.matches('.name, .mend code') &&
        getComputedStyle(element).overflowX !== 'visible') say('cut off', element);
  }
  return wrong;
})()"""

CONTRAST = r"""(() => {
  const wrong = [];
  const canvas = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
  const rgba = (colour) => {  // any CSS colour
    canvas.clearRect(0, 0, 1, 1); canvas.fillStyle = colour; canvas.fillRect(0, 0, 1, 1);
    const [r, g, b, a] = canvas.getImageData(0, 0, 1, 1).data;
    return [r, g, b, a / 255];
  };
  const light = ([r, g, b]) => [r, g, b].map((c) => c / 255).map((c) => c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4)
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const ground = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = rgba(getComputedStyle(at).backgroundColor);
      if (colour[3] > 0.99) return colour;
    }
    return rgba(getComputedStyle(document.body).backgroundColor);
  };
  let texts = 0;
  for (const element of document.querySelectorAll('body *')) {
    if (element.matches('script, .mark, .dot') || !element.getClientRects().length) continue;
    if (![...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())) continue;
    const style = getComputedStyle(element);
    const a = light(rgba(element.closest('svg') ? style.fill : style.color));
    const b = light(ground(element.closest('svg') ? element.closest('svg').parentElement : element));
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    ++texts;
    if (ratio < 4.5) wrong.push(`contrast ${ratio.toFixed(2)}: ${element.tagName} ${element.getAttribute('class')}`);
  }
  if (texts < 40) wrong.push(`only ${texts} texts were looked at`);
  return [...new Set(wrong)];
})()"""

TABLE = r"""(() => {
  const table = document.getElementById('layer-table');
  const visible = () => [...table.tBodies[0].rows].filter((row) => !row.hidden);
  const column = (name) => [...table.tHead.rows[0].cells].findIndex((cell) => cell.textContent === name);
  const values = (name) => visible().map((row) => row.cells[column(name)].dataset.v).map((v) => v === '' ? NaN : Number(v));
  const press = (name) => table.tHead.rows[0].cells[column(name)].querySelector('button').click();
  const falling = (list) => list.every((v, i) => i === 0 || Number.isNaN(v) || v <= list[i - 1]);
  const rising = (list) => list.every((v, i) => i === 0 || Number.isNaN(v) || v >= list[i - 1]);
  const wrong = [];
  const check = (holds, what) => { if (!holds) wrong.push(what); };
  check(visible().length === 60, 'all rows at first');
  press('Weight error');
  check(falling(values('Weight error')), 'first press: largest first');
  check(table.querySelector('[aria-sort=descending]').textContent === 'Weight error', 'aria-sort');
  press('Weight error');
  check(rising(values('Weight error')), 'second press: smallest first');
  press('Input SQNR');
  check(falling(values('Input SQNR')) && Number.isNaN(values('Input SQNR').at(-1)), 'not measured: last');
  press('Layer');
  const search = document.getElementById('search');
  search.value = 'layer2 GROUPS';
  search.dispatchEvent(new Event('input'));
  check(visible().length > 0 && visible().length < 60 && visible().every((row) => /layer2/.test(row.textContent) && /groups/.test(row.textContent)), 'search');
  check(document.getElementById('shown').textContent === `${visible().length} of 60 layers`, 'count');
  search.value = '';
  const filter = document.getElementById('filter');
  filter.value = 'float';
  filter.dispatchEvent(new Event('change'));
  check(visible().length === 3, 'filter');
  filter.value = '';
  filter.dispatchEvent(new Event('change'));
  const first = table.querySelector('tbody [tabindex="0"]');
  first.focus();
  first.dispatchEvent(new KeyboardEvent('keydown', { key: 'ArrowRight', bubbles: true, cancelable: true }));
  check(document.activeElement.cellIndex === first.cellIndex + 1, 'arrow keys');
  const was = getComputedStyle(document.body).backgroundColor;
  document.getElementById('theme').click();
  check(getComputedStyle(document.body).backgroundColor !== was, 'theme button');
  document.getElementById('theme').click();
  const cell = [...table.querySelectorAll('td.num')].find((td) => td.dataset.tip);
  const at = cell.getBoundingClientRect();
  cell.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: at.left + 2, clientY: at.top + 2 }));
  const tip = document.getElementById('tip');
  check(!tip.hidden && tip.textContent === cell.dataset.tip, 'tooltip');
  const chart = document.querySelector('svg.overview');
  chart.scrollIntoView();
  const bar = chart.querySelectorAll('.mark')[7].getBoundingClientRect();
  chart.dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: (bar.left + bar.right) / 2, clientY: chart.getBoundingClientRect().top + 5 }));
  check(!tip.hidden && tip.textContent === chart.querySelectorAll('.mark')[7].dataset.tip, 'tooltip of a bar from above it');
  check([...document.querySelectorAll('.copy')].every((button) => !button.hidden), 'copy buttons');
  return wrong;
})()"""

problems = []
with tempfile.TemporaryDirectory() as folder, Browser() as browser:
    subprocess.run([program, folder], check=True)

    def expect(place, found, wanted=None):
        if found != (wanted if wanted is not None else []):
            problems.append(f"{place}: {found}" + (f", expected {wanted}" if wanted is not None else ""))

    for name, charts in CHARTS.items():
        path = f"{folder}/{name}.html"
        for width, dark in ((1400, False), (1400, True), (390, False), (390, True), (360, False)):
            place = f"{name} at {width} {'dark' if dark else 'light'}"
            expect(place, browser.open(path, width, dark=dark))
            expect(place, browser.evaluate("document.querySelectorAll('svg.chart').length"), charts)
            expect(place, browser.evaluate(LAYOUT))
            if width != 360:
                expect(place, browser.evaluate(CONTRAST))
            expect(place, browser.evaluate("document.title.endsWith('dsquant report')"), True)
            if pictures:
                pictures.mkdir(parents=True, exist_ok=True)
                browser.screenshot(pictures / f"{name}-{width}-{'dark' if dark else 'light'}.png")
        expect(f"{name} without scripts", browser.open(path, 1400, script=False))
        expect(f"{name} without scripts", browser.evaluate(LAYOUT))
        expect(f"{name} without scripts", browser.evaluate("[...document.querySelectorAll('button:not(.sort)')].filter((b) => !b.hidden).length"), 0)
    expect("the table", browser.open(f"{folder}/full60.html", 1400))
    expect("the table", browser.evaluate(TABLE))
    expect("the table", browser.complaints())

if problems:
    sys.exit("\n".join(problems))
print(f"{len(CHARTS)} pages at 3 widths, light and dark: all well")
