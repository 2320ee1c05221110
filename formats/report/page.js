// The report's conveniences; everything on the page can be read without them.
'use strict';
(() => {
  const all = (selector, within = document) => Array.from(within.querySelectorAll(selector));
  const root = document.documentElement;

  // ---- light and dark: the system's choice until the button is pressed ----
  const theme = document.getElementById('theme');
  const dark = matchMedia('(prefers-color-scheme: dark)');
  const isDark = () => root.dataset.theme ? root.dataset.theme === 'dark' : dark.matches;
  const nameTheme = () => { theme.textContent = isDark() ? 'Light' : 'Dark'; theme.setAttribute('aria-label', `Switch to ${isDark() ? 'light' : 'dark'} colours`); };
  try { root.dataset.theme = localStorage.getItem('dsquant-theme') || ''; } catch { /* a file:// page may have no storage */ }
  theme.addEventListener('click', () => {
    root.dataset.theme = isDark() ? 'light' : 'dark';
    try { localStorage.setItem('dsquant-theme', root.dataset.theme); } catch { /* the choice lasts as long as the page */ }
    nameTheme();
  });
  dark.addEventListener('change', nameTheme);
  nameTheme();
  theme.hidden = false;

  // ---- tooltips: title attributes and SVG titles move to data-tip, so that the browser does not show them twice ----
  const tip = document.getElementById('tip');
  for (const element of all('[title]')) {
    if (element.title) {
      element.dataset.tip = element.title;
      if (element.matches('button')) element.setAttribute('aria-description', element.title);
    }
    element.removeAttribute('title');
  }
  for (const title of all('svg title')) {
    title.parentNode.dataset.tip = title.textContent;
    title.remove();
  }
  const show = (text, x, y) => {
    tip.textContent = text;
    tip.hidden = false;
    const box = tip.getBoundingClientRect();
    const left = Math.min(Math.max(8, x - box.width / 2), root.clientWidth - box.width - 8);
    const above = y - box.height - 14;
    tip.style.left = `${left}px`;
    tip.style.top = `${above > 8 ? above : y + 20}px`;
  };
  let near = null;
  const hide = () => { tip.hidden = true; near?.classList.remove('near'); near = null; };
  // In a chart of many thin bars the pointer finds the bar above or below it, not only the one under it.
  const barAt = (svg, x) => {
    const group = svg.querySelector('g');
    const first = group.firstElementChild?.getBoundingClientRect();
    const box = svg.getBoundingClientRect();
    if (!first || x < first.left) return null;
    const plot = box.width - parseFloat(getComputedStyle(svg).paddingLeft) - parseFloat(getComputedStyle(svg).paddingRight);
    return group.children[Math.floor((x - first.left) / (plot * group.dataset.slot / 100))] || null;
  };
  const point = (event) => {
    const overview = event.target.closest('svg.overview');
    const target = overview ? barAt(overview, event.clientX) : event.target.closest('[data-tip]');
    if (target !== near) { near?.classList.remove('near'); near = target; near?.classList.add('near'); }
    if (target?.dataset.tip) show(target.dataset.tip, event.clientX, event.clientY); else hide();
  };
  document.addEventListener('pointermove', point);
  document.addEventListener('pointerdown', point); // a tap
  document.addEventListener('pointerleave', hide);
  document.addEventListener('scroll', hide, { capture: true, passive: true });
  document.addEventListener('keydown', (event) => { if (event.key === 'Escape') hide(); });
  document.addEventListener('focusin', (event) => {
    const target = event.target.closest('[data-tip]') || event.target.querySelector('[data-tip]');
    if (target && event.target.matches('td, th, button') && event.target.matches(':focus-visible')) {
      const box = target.getBoundingClientRect();
      show(target.dataset.tip, box.left + box.width / 2, box.top);
    }
  });
  document.addEventListener('focusout', hide);

  // ---- copy buttons ----
  for (const button of all('.copy')) {
    button.hidden = false;
    button.setAttribute('aria-live', 'polite');
    button.addEventListener('click', async () => {
      const code = button.previousElementSibling;
      let done = true;
      try {
        await navigator.clipboard.writeText(code.textContent);
      } catch { // no clipboard on this page: select the text and try the old way
        getSelection().selectAllChildren(code);
        done = document.execCommand('copy');
      }
      button.textContent = done ? 'Copied' : 'Selected';
      setTimeout(() => { button.textContent = 'Copy'; }, 1500);
    });
  }

  // ---- the layer table ----
  const table = document.getElementById('layer-table');
  if (table) {
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const heads = all('thead th', table);
    const search = document.getElementById('search');
    const filter = document.getElementById('filter');
    const shown = document.getElementById('shown');
    const words = rows.map((row) => Array.from(row.cells, (cell) => {
      const name = cell.querySelector('[data-tip]') || cell;
      return `${name.dataset.tip || ''} ${cell.textContent}`;
    }).join(' ').toLowerCase());
    const apply = () => {
      const wanted = search.value.trim().toLowerCase().split(/\s+/);
      let count = 0;
      rows.forEach((row, i) => {
        const keep = wanted.every((word) => words[i].includes(word)) &&
          (!filter.value || row.dataset.tags.split(' ').includes(filter.value));
        row.hidden = !keep;
        count += keep ? 1 : 0;
      });
      shown.textContent = `${count} of ${rows.length} layers`;
    };
    search.addEventListener('input', apply);
    filter.addEventListener('change', apply);
    table.closest('section').querySelector('.tools').hidden = false;
    apply();

    heads.forEach((head, column) => {
      const numeric = head.hasAttribute('data-numeric');
      const key = (row) => {
        const cell = row.cells[column];
        if (!numeric) return cell.textContent;
        return cell.dataset.v === '' ? NaN : Number(cell.dataset.v);
      };
      head.querySelector('.sort').addEventListener('click', () => {
        const direction = head.getAttribute('aria-sort') === 'descending' ? 1 : head.getAttribute('aria-sort') === 'ascending' ? -1 : numeric && column ? -1 : 1;
        heads.forEach((other) => other.removeAttribute('aria-sort'));
        head.setAttribute('aria-sort', direction > 0 ? 'ascending' : 'descending');
        const order = rows.map((row, i) => [key(row), i, row]);
        order.sort(([a, i], [b, j]) => {
          if (!numeric) return direction * a.localeCompare(b, 'en', { numeric: true }) || i - j;
          if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b) || i - j; // not measured: last
          return a === b ? i - j : direction * (a < b ? -1 : 1);
        });
        body.append(...order.map(([, , row]) => row));
      });
    });

    // Arrow keys move from cell to cell, so that exact figures can be reached without a pointer.
    let current = rows[0].cells[1];
    const enter = (cell) => {
      current.tabIndex = -1;
      current = cell;
      current.tabIndex = 0;
    };
    enter(current);
    body.addEventListener('keydown', (event) => {
      const cell = event.target.closest('td, th');
      const visible = Array.from(body.rows).filter((row) => !row.hidden);
      const row = visible.indexOf(cell?.parentNode);
      const [down, right] = { ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1] }[event.key] || [0, 0];
      const next = visible[row + down]?.cells[cell.cellIndex + right];
      if (row < 0 || !(down || right) || !next) return;
      event.preventDefault();
      enter(next);
      next.focus();
    });
  }

  // ---- the section in view is marked in the navigation; folds open for printing ----
  const links = new Map(all('nav a').map((link) => [link.hash.slice(1), link]));
  const watch = new IntersectionObserver((entries) => {
    for (const entry of entries) {
      if (!entry.isIntersecting) continue;
      links.forEach((link) => link.removeAttribute('aria-current'));
      links.get(entry.target.id)?.setAttribute('aria-current', 'true');
    }
  }, { rootMargin: '-20% 0px -70% 0px' });
  all('main > section').forEach((section) => watch.observe(section));
  addEventListener('beforeprint', () => all('details').forEach((fold) => { fold.open = true; }));
})();
