'use strict';
/* The report: everything is drawn from the JSON block, by textContent alone. What the states mean was
   decided by whoever wrote the entries; the page only shows them, at any moment of the ledger. */
const $ = id => document.getElementById(id);
const NS = 'http://www.w3.org/2000/svg';
let D, S, N;
const GROUPS = ['merged', 'work', 'ready', 'waiting', 'held', 'rest', 'blocked', 'skip'];
const LABEL = {
  merged: 'merged', work: 'at work', ready: 'ready', waiting: 'waiting', held: 'held', rest: 'resting',
  blocked: 'blocked', skip: 'skipped'
};
const WORD = {
  w: 'waiting', y: 'ready', l: 'leased', s: 'submitted', g: 'gating', i: 'merging', m: 'merged',
  r: 'backoff', b: 'blocked', p: 'person', o: 'proposed', k: 'skipped', x: 'cancelled', u: 'undone'
};
const GROUP = {
  leased: 'work', submitted: 'work', gating: 'work', merging: 'work', backoff: 'rest', skipped: 'skip',
  cancelled: 'skip', undone: 'skip', person: 'blocked', proposed: 'blocked'
};

const el = (name, attributes, ...children) => {
  const isSVG = name[0] === '$';
  const e = isSVG ? document.createElementNS(NS, name.slice(1)) : document.createElement(name);
  for (const key in attributes || {}) {
    if (key.startsWith('on')) e.addEventListener(key.slice(2), attributes[key]);
    else if (attributes[key] != null) e.setAttribute(key, attributes[key]);
  }
  e.append(...children.filter(x => x != null));
  return e;
};
const glyph = g => el('$svg', { class: 'g', 'aria-hidden': 'true' }, el('$use', { href: '#g-' + g }));
const dur = ms => ms < 1e3 ? ms + ' ms' : ms < 1e4 ? (ms / 1e3).toFixed(1) + ' s'
  : ms < 6e4 ? Math.round(ms / 1e3) + ' s'
  : ms < 36e5 ? Math.floor(ms / 6e4) + ' m ' + Math.round(ms % 6e4 / 1e3) + ' s'
  : Math.floor(ms / 36e5) + ' h ' + Math.round(ms % 36e5 / 6e4) + ' m';
const clock = dt => {
  const date = new Date(D.at + dt), time = date.toLocaleTimeString([], { hour12: false });
  return D.span < 864e5 ? time : date.toLocaleDateString([], { month: 'short', day: 'numeric' }) + ' '
    + time.slice(0, 5);
};
const num = n => n.toLocaleString('en');
const usd = u => '$' + (u / 1e6).toFixed(2);

/* Who needs whom, and what was said of whom. */
let outs, by, order, layer, history_;
function load(text) {
  D = JSON.parse(text);
  S = D.steps;
  N = S.length;
  outs = Array.from({ length: N }, () => []);
  by = Array.from({ length: N }, () => []);
  S.forEach((s, i) => s[2].forEach(n => outs[n].push(i)));
  D.ev.forEach((e, k) => by[e[1]].push(k));
  order = [];
  layer = new Int32Array(N);
  const open = S.map(s => s[2].length), queue = [];
  open.forEach((n, i) => n || queue.push(i));
  while (queue.length) {
    const i = queue.shift();
    order.push(i);
    for (const o of outs[i]) {
      layer[o] = Math.max(layer[o], layer[i] + 1);
      --open[o] || queue.push(o);
    }
  }
  history_ = course();
}

/* The state of every step after the first n entries. Of a step that nobody has touched, or that may be
   claimed again, it is seen from what it needs whether it is ready. */
function fold(n) {
  const w = new Array(N).fill(''), f = new Uint16Array(N), c = new Float64Array(N);
  if (n === D.ev.length) {
    S.forEach((s, i) => w[i] = WORD[s[4]]);
    D.ev.forEach(e => { if (e[5] != null) f[e[1]]++; c[e[1]] += e[6] || 0; });
  } else {
    for (let k = 0; k < n; k++) {
      const e = D.ev[k];
      w[e[1]] = 'wy'.includes(e[2]) ? '' : WORD[e[2]];
      if (e[5] != null) f[e[1]]++;
      c[e[1]] += e[6] || 0;
    }
  }
  const done = i => w[i] === 'merged' || w[i] === 'skipped', root = new Int32Array(N).fill(-1);
  const G = new Array(N).fill('waiting');
  for (const i of order) {
    if (!w[i]) w[i] = S[i][2].every(done) ? 'ready' : 'waiting';
    if (w[i] === 'blocked') root[i] = i;
    else if (w[i] === 'waiting') for (const p of S[i][2]) if (root[p] >= 0) { root[i] = root[p]; break; }
    G[i] = w[i] === 'waiting' && root[i] >= 0 ? 'held' : GROUP[w[i]] || w[i];
  }
  return { w, G, f, c, root };
}
let at, now, filter = new Set(), query = '', sort = 'state', limit = 200;
let mode = null, cursor = 0, last = null;
const count = G => {
  const c = {};
  GROUPS.forEach(g => c[g] = 0);
  G.forEach(g => c[g]++);
  return c;
};

function head() {
  const c = count(now.G), seg = $('seg'), keys = $('keys'), isNow = at === D.ev.length;
  seg.replaceChildren();
  keys.replaceChildren();
  let x = 0;
  for (const g of GROUPS) if (c[g]) {
    const width = Math.max(3, c[g] / N * 1e3 - 2).toFixed(1);
    seg.append(el('$rect', { class: 'f-' + g, x: (x + 1).toFixed(1), width, height: 14 }));
    x += c[g] / N * 1e3;
    const show = () => {
      filter = new Set([g]);
      chips();
      list();
      $('steps').scrollIntoView();
    };
    const label = `${c[g]} ${LABEL[g]}: show these steps`;
    keys.append(el('li', {}, el('button', { 'aria-label': label, onclick: show },
      glyph(g), el('b', {}, num(c[g])), ' ' + LABEL[g])));
  }
  seg.setAttribute('aria-label', GROUPS.filter(g => c[g]).map(g => c[g] + ' ' + LABEL[g]).join(', '));
  $('pct').replaceChildren(num(c.merged + c.skip), el('span', {}, ' / ' + num(N)));
  $('past').hidden = isNow;
  $('said').hidden = !isNow;
  if (!isNow) {
    const when = clock(D.ev[Math.max(0, at - 1)][0]);
    $('past').querySelector('h2').textContent = `As it was at ${when}, after ${at} of ${D.ev.length} changes`;
  }
}

/* One change of a step, in words. */
function say(e) {
  if (e[5] != null) return 'failed: ' + D.fails[e[5]][1];
  switch (e[2]) {
    case 'l': return e[4] == null ? 'claimed' : 'claimed by ' + D.who[e[4]];
    case 'm': return 'merged' + (S[e[1]][3] ? ' as ' + S[e[1]][3] : ', nothing had to be changed');
    case 'w': case 'y': return 'can be claimed again';
    default: return WORD[e[2]];
  }
}
function log() {
  const rows = [];
  for (let k = at - 1; k >= 0 && rows.length < 7; k--) {
    const e = D.ev[k];
    if ('sgi'.includes(e[2])) continue;
    const word = WORD[e[2]], g = GROUP[word] || word;
    rows.push(el('li', {}, el('time', {}, clock(e[0])), glyph(g),
      el('span', {}, S[e[1]][0] + ' ' + say(e))));
  }
  $('log').replaceChildren(...rows);
}

/* The list of steps. */
function chips() {
  const c = count(now.G);
  $('chips').replaceChildren(...GROUPS.filter(g => c[g]).map(g => el('button', {
    class: 'chip t', 'aria-pressed': filter.has(g), onclick() {
      filter.has(g) ? filter.delete(g) : filter.add(g);
      limit = 200;
      chips();
      list();
    }
  }, glyph(g), `${LABEL[g]} ${num(c[g])}`)));
}
const RANK = { blocked: 0, rest: 1, work: 2, held: 3, ready: 4, waiting: 5, skip: 6, merged: 7 };
const spent = i => {
  const b = by[i];
  let first = null, end = null;
  for (const k of b) {
    if (k >= at) break;
    if (first == null && D.ev[k][2] === 'l') first = D.ev[k][0];
    end = D.ev[k][0];
  }
  return first == null ? 0 : end - first;
};
const tries = i => now.f[i] + (now.G[i] === 'work' || now.w[i] === 'merged' ? 1 : 0);
function why(i) {
  if (at === D.ev.length && D.why[i] != null) return D.why[i];
  if (now.w[i] === 'waiting') {
    if (now.root[i] >= 0) return `held by ${S[now.root[i]][0]}, which is blocked`;
    const open = S[i][2].filter(n => now.w[n] !== 'merged' && now.w[n] !== 'skipped');
    return open.length ? 'waits for ' + open.slice(0, 3).map(n => S[n][0]).join(', ')
      + (open.length > 3 ? ` and ${open.length - 3} more` : '') : '';
  }
  if (now.G[i] !== 'rest' && now.G[i] !== 'blocked') return '';
  const k = by[i].filter(k => k < at && D.ev[k][5] != null).pop();
  return k == null ? '' : D.fails[D.ev[k][5]][1];
}
function list() {
  const matches = i => (S[i][0] + ' ' + S[i][1] + ' ' + why(i)).toLowerCase().includes(query);
  const rows = [...S.keys()].filter(i => (!filter.size || filter.has(now.G[i])) && (!query || matches(i)));
  const key = {
    plan: null, state: i => RANK[now.G[i]], attempts: i => -tries(i), time: i => -spent(i),
    cost: i => -now.c[i]
  }[sort];
  if (key) rows.sort((a, b) => key(a) - key(b) || a - b);
  $('found').textContent = rows.length === N ? `${num(N)} steps` : `${num(rows.length)} of ${num(N)} steps`;
  $('rows').replaceChildren(...rows.slice(0, limit).map(i => {
    const state = now.G[i] === 'held' ? 'held' : now.w[i], note = why(i) || S[i][1];
    return el('tr', { 'data-i': i },
      el('td', {}, el('span', { class: 'st' }, glyph(now.G[i]), state)),
      el('td', {}, el('button', { class: 'id', onclick() { open(i); } }, S[i][0]),
        el('div', { class: 'why ph' }, note)),
      el('td', { class: 'why hc' }, note),
      el('td', { class: 'n hc' }, tries(i) || ''),
      el('td', { class: 'n hc' }, tries(i) ? dur(spent(i)) : ''),
      el('td', { class: 'n hc' }, now.c[i] ? usd(now.c[i]) : ''));
  }));
  const more = $('more');
  more.hidden = rows.length <= limit;
  more.textContent = `Show all ${num(rows.length)}`;
  hash();
}

/* The graph: layers for small plans, one path a state for large ones. */
function reduced() {
  const reach = new Array(N);
  for (const i of order) {
    let r = 0n;
    for (const p of S[i][2]) r |= reach[p] | 1n << BigInt(p);
    reach[i] = r;
  }
  return S.map(s => s[2].filter(p => !s[2].some(q => q !== p && reach[q] >> BigInt(p) & 1n)));
}
function columns() {
  const cols = [];
  for (let i = 0; i < N; i++) (cols[layer[i]] ??= []).push(i);
  return cols;
}
function places(cols, need, out, H) {
  const y = new Float64Array(N), top = Math.max(...cols.map(c => c.length)) * H;
  cols.forEach(c => c.forEach((i, k) => y[i] = (k + .5) * H + (top - c.length * H) / 2));
  const place = (c, near) => {
    const want = new Map(c.map(i => [i, near[i].length
      ? near[i].reduce((a, j) => a + y[j], 0) / near[i].length : y[i]]));
    c.sort((a, b) => want.get(a) - want.get(b) || a - b);
    let p = -H;
    for (const i of c) {
      p = Math.max(p + H, want.get(i));
      y[i] = p;
    }
    if (p + H / 2 > top) {
      let q = top + H / 2;
      for (let k = c.length - 1; k >= 0; k--) {
        q = Math.min(q - H, y[c[k]]);
        y[c[k]] = q;
      }
    }
    if (y[c[0]] < H / 2) c.forEach((i, k) => y[i] = Math.max(y[i], (k + .5) * H));
  };
  for (let s = 0; s < 4; s++) {
    for (let l = 1; l < cols.length; l++) place(cols[l], need);
    for (let l = cols.length - 2; l >= 0; l--) place(cols[l], out);
  }
  return { y, top };
}
function layers(width) {
  const need = reduced(), out = need.map(() => []), cols = columns(), H = 25;
  need.forEach((n, i) => n.forEach(p => out[p].push(i)));
  const { y, top } = places(cols, need, out, H), GAP = cols.length > 6 ? 34 : 56;
  const room = (width - 2 - (cols.length - 1) * GAP) / cols.length;
  const W = Math.round(Math.min(188, Math.max(116, room))), letters = Math.floor((W - 30) / 6.7);
  const w = cols.length * (W + GAP) - GAP + 2, X = i => layer[i] * (W + GAP) + 1;
  const svg = el('$svg', {
    class: 'dag', width: w, height: top + 4, viewBox: `0 0 ${w} ${top + 4}`, role: 'group',
    'aria-label': `Graph of ${N} steps in ${cols.length} layers; the list of steps says the same`
  });
  need.forEach((n, i) => n.forEach(p => {
    const a = X(p) + W, b = X(i), m = (a + b) / 2, from = y[p].toFixed(1), to = y[i].toFixed(1);
    svg.append(el('$path', {
      class: 'e', d: `M${a} ${from}C${m} ${from} ${m} ${to} ${b} ${to}`, 'data-a': p, 'data-b': i
    }));
  }));
  for (let i = 0; i < N; i++) {
    const t = S[i][0], g = now.G[i];
    svg.append(el('$g', {
      tabindex: i === cursor ? 0 : -1, role: 'button', 'data-i': i, 'aria-label': `${t}, ${now.w[i]}`,
      class: g === 'blocked' ? 'b' : ['waiting', 'held', 'skip'].includes(g) ? 'w' : '',
      transform: `translate(${X(i)} ${(y[i] - 10).toFixed(1)})`
    }, el('$rect', { width: W, height: 20, rx: 5 }),
    el('$use', { href: '#g-' + g, x: 5, y: 4, width: 12, height: 12 }),
    el('$text', { x: 23, y: 14 }, t.length > letters ? t.slice(0, letters - 1) + '…' : t)));
  }
  const mark = i => {
    const related = new Set([i]), go = (j, a) => a[j].forEach(k => {
      if (!related.has(k)) {
        related.add(k);
        go(k, a);
      }
    });
    go(i, need);
    go(i, out);
    svg.classList.add('on');
    svg.querySelectorAll('g').forEach(e => e.classList.toggle('rel', related.has(+e.dataset.i)));
    svg.querySelectorAll('path.e').forEach(e =>
      e.classList.toggle('rel', related.has(+e.dataset.a) && related.has(+e.dataset.b)));
  };
  svg.addEventListener('pointerover', e => {
    const g = e.target.closest('g');
    g ? mark(+g.dataset.i) : svg.classList.remove('on');
  });
  svg.addEventListener('pointerleave', () => svg.classList.remove('on'));
  svg.addEventListener('click', e => {
    const g = e.target.closest('g');
    if (g) open(+g.dataset.i);
  });
  svg.addEventListener('keydown', e => {
    const g = e.target.closest('g');
    if (!g) return;
    const i = +g.dataset.i, c = cols[layer[i]], k = c.indexOf(i);
    const to = { ArrowDown: c[k + 1], ArrowUp: c[k - 1], ArrowRight: out[i][0], ArrowLeft: need[i][0] }[e.key];
    if (e.key === 'Enter' || e.key === ' ') {
      open(i);
      e.preventDefault();
    } else if (to != null) {
      g.setAttribute('tabindex', -1);
      const next = svg.querySelector(`g[data-i="${to}"]`);
      next.setAttribute('tabindex', 0);
      next.focus();
      cursor = to;
      mark(to);
      e.preventDefault();
    }
  });
  return svg;
}
function grid(width) {
  const c = N > 3000 ? 7 : N > 600 ? 11 : N > 150 ? 15 : 20, g = c > 10 ? 2 : 1, p = c + g;
  const left = width > 600 ? 64 : 30, per = Math.max(8, Math.floor((width - left) / p));
  const cells = [], d = {}, rows = [], cols = columns();
  let y = 0;
  cols.forEach((col, l) => {
    rows.push([l, y, col.length]);
    col.forEach((i, k) => {
      const cx = left + k % per * p, cy = y + Math.floor(k / per) * p, s = now.G[i];
      cells.push([cx, cy, i]);
      d[s] = (d[s] || '') + (s === 'skip'
        ? `M${cx + 1.5} ${cy + 1.5}h${c - 3}v${c - 3}h${3 - c}z` : `M${cx} ${cy}h${c}v${c}h${-c}z`);
      if (s === 'blocked') {
        d.x = (d.x || '') + `M${cx + 3} ${cy + 3}l${c - 6} ${c - 6}m0 ${6 - c}l${6 - c} ${c - 6}`;
      }
    });
    y += Math.ceil(col.length / per) * p + (cols.length > 12 ? 4 : 10);
  });
  const svg = el('$svg', {
    class: 'heat', width, height: y, viewBox: `0 0 ${width} ${y}`, tabindex: 0, role: 'application',
    'aria-label': `${N} steps by layer. Arrow keys move, Enter opens; the list of steps says the same`
  });
  for (const s in d) {
    svg.append(el('$path', s === 'x'
      ? { d: d.x, fill: 'none', stroke: 'var(--sf)', 'stroke-width': 1.6 } : { class: 'f-' + s, d: d[s] }));
  }
  for (const [l, top, n] of rows) {
    const text = width > 600 ? `${l}${n > 1 ? ' · ' + n : ''}` : l;
    svg.append(el('$text', { class: 'lay', x: 0, y: top + Math.min(c, 11) - 1 }, text));
  }
  const box = el('$rect', {
    width: c + 4, height: c + 4, rx: 3, fill: 'none', stroke: 'var(--ink)', 'stroke-width': 2,
    visibility: 'hidden'
  });
  svg.append(box);
  const under = e => {
    const r = svg.getBoundingClientRect();
    const x = (e.clientX - r.left) * width / r.width, top = (e.clientY - r.top) * width / r.width;
    return cells.findIndex(q => x >= q[0] - g && x < q[0] + c + g && top >= q[1] - g && top < q[1] + c + g);
  };
  let current = Math.max(0, cells.findIndex(q => q[2] === cursor));
  const show = k => {
    if (k < 0) return;
    current = k;
    const [x, top, i] = cells[k];
    cursor = i;
    box.setAttribute('x', x - 2);
    box.setAttribute('y', top - 2);
    box.setAttribute('visibility', 'visible');
    $('tip').textContent = `${S[i][0]} · ${now.w[i]}${why(i) ? ' · ' + why(i) : ''}`;
  };
  svg.addEventListener('pointermove', e => show(under(e)));
  svg.addEventListener('click', e => {
    const k = under(e);
    if (k >= 0) open(cells[k][2]);
  });
  svg.addEventListener('keydown', e => {
    const move = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: per, ArrowUp: -per }[e.key];
    if (move) {
      show(Math.min(cells.length - 1, Math.max(0, current + move)));
      e.preventDefault();
    } else if (e.key === 'Enter') open(cells[current][2]);
  });
  return svg;
}
function graph() {
  const box = $('graph'), width = box.clientWidth - 36;
  mode ??= N <= 120 && width > 700 ? 'layers' : 'grid';
  $('mode').textContent = mode === 'layers' ? 'Show as grid' : 'Show as graph';
  $('mode').hidden = N > 400;
  $('tip').textContent = mode === 'layers' ? 'Hover or focus a step to see what it needs and what needs it.'
    : 'One square a step, one band a layer of the graph.';
  box.replaceChildren(mode === 'layers' ? layers(width) : grid(Math.max(280, width)));
}

/* What is left over time, from the same changes. Long pauses are cut short, and marked. */
function course() {
  const state = new Uint8Array(N), h = [[0, N, 0]];
  let left = N, blocked = 0;
  D.ev.forEach(e => {
    const s = e[1], was = state[s];
    state[s] = 'mkxu'.includes(e[2]) ? 1 : 'bpo'.includes(e[2]) ? 2 : 0;
    if (state[s] === was) return;
    left += (was === 1) - (state[s] === 1);
    blocked += (state[s] === 2) - (was === 2);
    h.push([e[0], left, blocked]);
  });
  h.push([D.span, left, blocked]);
  return h;
}
load($('data').textContent);
function burn() {
  const W = 440, H = 150, x0 = 34, end = Math.max(1, D.span), cap = Math.max(3e4, end / 50);
  const marks = [[0, 0]], cuts = [];
  let p = 0, v = 0;
  for (const e of [...D.ev, [D.span]]) {
    const gap = e[0] - p;
    if (gap <= 0) continue;
    if (gap > cap) {
      marks.push([p, v]);
      cuts.push(v + cap / 2);
    }
    v += Math.min(gap, cap);
    p = e[0];
    if (gap > cap) marks.push([p, v]);
  }
  marks.push([p, v]);
  const V = v || 1, worked = t => {
    let q = 1;
    while (q < marks.length - 1 && marks[q][0] < t) q++;
    const [a, b] = marks[q - 1], [c, d] = marks[q];
    return c > a ? b + (d - b) * Math.min(1, (t - a) / (c - a)) : d;
  };
  const X = t => x0 + (W - x0 - 34) * worked(t) / V, Y = n => 8 + (H - 26) * (1 - n / N);
  const path = c => history_.map((h, i) => i
    ? `H${X(h[0]).toFixed(1)}V${Y(h[c]).toFixed(1)}` : `M${X(0)} ${Y(h[c])}`).join('');
  const step = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1e3, 2e3, 5e3].find(s => N / s <= 4) || 1e4;
  const marksY = [], L = history_.at(-1), close = `V${Y(0)}H${X(0)}z`, svg = $('burn');
  for (let n = 0; n <= N; n += step) {
    marksY.push(el('$path', { class: 'ax', d: `M${x0} ${Y(n)}H${W - 34}` }),
      el('$text', { x: x0 - 6, y: Y(n) + 4, 'text-anchor': 'end' }, n));
  }
  const near = Math.abs(Y(L[1]) - Y(L[2])) < 13;
  svg.setAttribute('viewBox', `0 0 ${W} ${H}`);
  svg.replaceChildren(...marksY, ...cuts.map(c => el('$path', {
    class: 'cut', d: `M${(x0 + (W - x0 - 34) * c / V).toFixed(1)} 6V${H - 18}`
  })), el('$path', { class: 'ar', d: path(1) + close }), el('$path', { class: 'br', d: path(2) + close }),
  el('$path', { class: 'ln', d: path(1) }), el('$path', { class: 'bl', d: path(2) }),
  el('$text', { class: 'lab', x: W - 29, y: Y(L[1]) + (L[2] && near ? -4 : 4) }, L[1]),
  ...(L[2] ? [el('$text', { x: W - 29, y: Y(L[2]) + (near ? 9 : 4), class: 'lb' }, L[2])] : []),
  el('$text', { x: x0, y: H - 3 }, clock(0)),
  el('$text', { x: W - 34, y: H - 3, 'text-anchor': 'end' }, clock(D.span)),
  ...(at < D.ev.length
    ? [el('$path', { class: 'cur', d: `M${X(D.ev[Math.max(0, at - 1)][0])} 6V${H - 16}` })] : []));
}

/* One step, in the drawer. */
const drawer = $('dlg');
function command(text) {
  return el('span', { class: 'cmd' }, el('code', {}, text),
    el('button', { type: 'button', 'data-copy': text }, 'Copy'));
}
function fold_(title, content) {
  return el('details', { class: 'prompt' }, el('summary', {}, title), content);
}
function diff(text) {
  return el('pre', { class: 'diff', tabindex: 0 }, ...text.split('\n').map(line => el('span', {
    class: line[0] === '+' ? 'add' : line[0] === '-' ? 'del' : null
  }, line + '\n')));
}
function attempt(rows, start, whole, isNewest, words) {
  const failed = rows.find(k => D.ev[k][5] != null), merged = rows.some(k => D.ev[k][2] === 'm');
  const a = D.ev[rows[0]], z = D.ev[rows.at(-1)], fail = failed == null ? null : D.fails[D.ev[failed][5]];
  const cost = rows.reduce((sum, k) => sum + (D.ev[k][6] || 0), 0);
  const bar = el('$svg', {
    class: 'gantt', viewBox: '0 0 1000 8', preserveAspectRatio: 'none', 'aria-hidden': 'true'
  });
  for (let q = 0; q + 1 < rows.length; q++) {
    const e = D.ev[rows[q]], x = (e[0] - start) / whole * 1000;
    const width = Math.max(3, (D.ev[rows[q + 1]][0] - e[0]) / whole * 1000);
    const look = e[2] === 'l' ? 'f-work' : e[2] === 'g' ? fail ? 'f-blocked' : 'f-merged' : 'f-waiting';
    bar.append(el('$rect', { x, width, height: 8, class: look }));
  }
  const who = a[4] == null ? '' : ' · ' + D.who[a[4]];
  return el('div', { class: 'att' }, glyph(merged ? 'merged' : fail ? 'blocked' : 'work'),
    el('p', {}, el('b', {}, `Attempt ${a[3]}`),
      `${who} · ${clock(a[0])} · ${dur(z[0] - a[0])}` + (cost ? ' · ' + usd(cost) : '')),
    bar, fail ? el('p', {}, el('b', {}, fail[0]), ': ', fail[1]) : merged
      ? el('p', { class: 'mut' }, say(D.ev[rows.find(k => D.ev[k][2] === 'm')])) : null,
    fail && fail[2] && isNewest ? el('pre', { tabindex: 0 }, fail[2]) : null,
    words && words.prompt ? fold_('Prompt', el('pre', { tabindex: 0 }, words.prompt)) : null,
    words && words.closing ? fold_('Its last words', el('pre', { tabindex: 0 }, words.closing)) : null,
    words && words.diff ? fold_('What it changed', diff(words.diff)) : null);
}
function open(i) {
  last = i;
  cursor = i;
  const s = S[i], g = now.G[i], parts = [], attempts = [];
  for (const k of by[i]) {
    if (k >= at) break;
    if (D.ev[k][2] === 'l') attempts.push([]);
    if (attempts.length) attempts.at(-1).push(k);
  }
  const todo = {
    blocked: `git migrate show ${s[0]}`, held: `git migrate show ${S[now.root[i]]?.[0]}`,
    merged: s[3] ? `git show ${s[3]}` : null, work: `git migrate logs -f ${s[0]}`
  }[g];
  parts.push(el('div', { class: 'dh' }, el('div', {}, el('h2', { id: 'dt' }, s[0]),
    el('p', { class: 'mut' }, s[1])), el('span', { class: 'sp' }),
  el('button', { class: 'tool', 'aria-label': 'Close', onclick() { drawer.close(); } }, '✕')));
  const facts = [tries(i) && `${tries(i)} of ${D.attempts} attempts`, spent(i) && dur(spent(i)),
    now.c[i] && usd(now.c[i])].filter(x => x).join(' · ');
  parts.push(el('p', { class: 'st' }, glyph(g), el('span', { class: 'tag ' + g }, now.w[i]),
    el('span', { class: 'mut' }, facts)));
  if (why(i)) parts.push(el('p', {}, why(i)));
  if (todo && at === D.ev.length) parts.push(el('div', { class: 'next' }, command(todo)));
  if (g === 'blocked' && at === D.ev.length && 'control' in document.documentElement.dataset) {
    const act = now.w[i] === 'blocked' ? 'retry' : 'approve';
    parts.push(el('button', { type: 'button', class: 'tool', 'data-act': `${act}/${s[0]}` },
      act === 'retry' ? 'Retry' : 'Approve'));
  }
  if (attempts.length) parts.push(el('h3', {}, 'What happened, newest first'));
  const start = attempts[0] ? D.ev[attempts[0][0]][0] : 0, whole = Math.max(1, spent(i));
  const seen = new Set();
  for (const rows of attempts.toReversed()) {
    const failed = rows.find(k => D.ev[k][5] != null), f = failed == null ? null : D.ev[failed][5];
    parts.push(attempt(rows, start, whole, !seen.has(f), D.words[i]?.[D.ev[rows[0]][3]]));
    seen.add(f);
  }
  const chipList = (title, names) => {
    if (!names.length) return;
    parts.push(el('h3', {}, title), el('div', { class: 'chips' }, ...names.slice(0, 40).map(n =>
      el('button', { class: 'chip', onclick() { open(n); } }, glyph(now.G[n]), S[n][0])),
    names.length > 40 ? `and ${names.length - 40} more` : null));
  };
  chipList('Needs', s[2]);
  chipList('Needed by', outs[i]);
  $('in').replaceChildren(...parts);
  if (!drawer.open) drawer.showModal();
  drawer.scrollTop = 0;
  hash();
}
drawer.addEventListener('close', () => {
  last = null;
  hash();
});
drawer.addEventListener('click', e => { if (e.target === drawer) drawer.close(); });

document.addEventListener('click', e => {
  const copy = e.target.closest('[data-copy]'), jump = e.target.closest('[data-step]');
  const act = e.target.closest('[data-act]');
  const row = e.target.closest('tr[data-i]');
  if (copy) {
    navigator.clipboard?.writeText(copy.dataset.copy).then(() => {
      copy.textContent = 'Copied';
      setTimeout(() => copy.textContent = 'Copy', 1500);
    }, () => {});
  } else if (act) ask(act);
  else if (jump) open(+jump.dataset.step);
  else if (row && !e.target.closest('button')) open(+row.dataset.i);
});

/* What is asked for is done by the server, or refused there; the page shows what was said. */
async function ask(button) {
  const words = button.textContent;
  button.disabled = true;
  let said = 'The server cannot be reached';
  try {
    const answer = await fetch(button.dataset.act, { method: 'POST' });
    said = (await answer.text()).trim() || String(answer.status);
  } catch { /* As it is said. */ }
  button.textContent = said;
  setTimeout(() => {
    button.disabled = false;
    button.textContent = words;
  }, 4000);
}
/* The address keeps what is looked at, so that a link opens the same. */
function hash() {
  const p = new URLSearchParams();
  if (filter.size) p.set('state', [...filter].join(','));
  if (query) p.set('q', query);
  if (sort !== 'state') p.set('sort', sort);
  if (last != null) p.set('step', S[last][0]);
  try { history.replaceState(null, '', '#' + p); } catch { /* A page in a frame may not. */ }
}
function all() {
  head();
  log();
  chips();
  list();
  graph();
  burn();
}
/* A live page is told when the ledger has moved. It takes over what its server has made of it, and decides
   nothing by itself; what a person has opened or looks for stays. */
async function renew() {
  const answer = await fetch(location.pathname);
  if (!answer.ok) return;
  const page = new DOMParser().parseFromString(await answer.text(), 'text/html');
  const wasNow = at === D.ev.length, isOpened = [...document.querySelectorAll('details.c[open] summary')]
    .map(e => e.textContent);
  load(page.getElementById('data').textContent);
  document.title = page.title;
  document.documentElement.dataset.live = page.documentElement.dataset.live;
  document.querySelector('link[rel=icon]').href = page.querySelector('link[rel=icon]').href;
  for (const name of ['#entry', '#steer', '#said', '.grid > div:first-child']) {
    document.querySelector(name).replaceWith(document.adoptNode(page.querySelector(name)));
  }
  document.querySelectorAll('details.c').forEach(e => {
    e.open = isOpened.includes(e.querySelector('summary').textContent);
  });
  $('time').max = D.ev.length;
  if (wasNow) {
    at = D.ev.length;
    $('time').value = at;
  }
  now = fold(at);
  all();
  if (last != null && drawer.open) {
    const top = drawer.scrollTop;
    open(last);
    drawer.scrollTop = top;
  }
}
function listen() {
  const root = document.documentElement;
  if (!root.dataset.live) return;
  const stream = new EventSource('events');
  let isBusy = false, isWanted = false;
  const take = async () => {
    isWanted = true;
    if (isBusy) return;
    isBusy = true;
    while (isWanted) {
      isWanted = false;
      try { await renew(); } catch { /* The server ends, or is cut off: the stream tries again. */ }
    }
    isBusy = false;
  };
  stream.addEventListener('head', e => {
    if (JSON.parse(e.data).seq !== +root.dataset.live) take();
  });
  stream.addEventListener('open', () => root.classList.remove('cut'));
  stream.addEventListener('error', () => root.classList.add('cut'));
}
function begin() {
  at = D.ev.length;
  now = fold(at);
  listen();
  const p = new URLSearchParams(location.hash.slice(1)), time = $('time'), root = document.documentElement;
  (p.get('state') || '').split(',').forEach(g => GROUPS.includes(g) && filter.add(g));
  query = (p.get('q') || '').toLowerCase();
  sort = ['state', 'plan', 'attempts', 'time', 'cost'].includes(p.get('sort')) ? p.get('sort') : 'state';
  $('q').value = query;
  $('sort').value = sort;
  $('q').addEventListener('input', e => {
    query = e.target.value.toLowerCase();
    limit = 200;
    list();
  });
  $('sort').addEventListener('change', e => {
    sort = e.target.value;
    list();
  });
  $('more').addEventListener('click', () => {
    limit = 1e9;
    list();
  });
  $('mode').addEventListener('click', () => {
    mode = mode === 'layers' ? 'grid' : 'layers';
    graph();
  });
  document.querySelectorAll('.js').forEach(e => e.hidden = false);
  time.max = D.ev.length;
  time.value = D.ev.length;
  let frame = 0;
  const go = n => {
    at = n;
    now = fold(at);
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(all);
  };
  time.addEventListener('input', () => go(+time.value));
  $('back').addEventListener('click', () => {
    time.value = D.ev.length;
    go(D.ev.length);
  });
  $('theme').addEventListener('click', () => {
    const isDark = matchMedia('(prefers-color-scheme:dark)').matches;
    root.dataset.theme = (root.dataset.theme || (isDark ? 'dark' : 'light')) === 'dark' ? 'light' : 'dark';
    try { localStorage.theme = root.dataset.theme; } catch { /* A file may have no storage. */ }
  });
  try {
    if (['light', 'dark'].includes(localStorage.theme)) root.dataset.theme = localStorage.theme;
  } catch { /* As above. */ }
  document.addEventListener('keydown', e => {
    if (e.ctrlKey || e.metaKey || e.altKey || /INPUT|SELECT|TEXTAREA/.test(e.target.tagName)) return;
    if (e.key === '/') {
      e.preventDefault();
      $('q').focus();
      $('steps').scrollIntoView();
    } else if (e.key === 't') $('theme').click();
    else if ('bjk'.includes(e.key)) {
      const pool = e.key === 'b' ? [...S.keys()].filter(i => now.G[i] === 'blocked')
        : [...$('rows').children].map(r => +r.dataset.i);
      const next = pool.indexOf(last) + (e.key === 'k' ? -1 : 1);
      if (pool.length) open(pool[(next + pool.length) % pool.length]);
    }
  });
  let wait = 0;
  addEventListener('resize', () => {
    clearTimeout(wait);
    wait = setTimeout(() => {
      mode = null;
      graph();
    }, 150);
  });
  all();
  const found = S.findIndex(s => s[0] === p.get('step'));
  if (found >= 0) open(found);
}
begin();
