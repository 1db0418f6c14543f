/* Option builders. A page gives the data as JSON; amounts are decimal text, exact in the tooltip, a number only to be drawn. */
(() => {
  const probe = document.createElement("i");
  const tok = n => { probe.style.color = `var(--${n})`; return getComputedStyle(probe).color; };
  const num = (v, d) => (v < 0 ? "\u2212" : "") + Math.abs(v).toLocaleString("en-US", { minimumFractionDigits: d, maximumFractionDigits: d });
  const MON = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" "), DAY = "Sun Mon Tue Wed Thu Fri Sat".split(" ");
  const day = s => new Date(`${s}T00:00:00Z`);
  const hatch = color => ({ symbol: "rect", symbolSize: 1, dashArrayX: [1, 0], dashArrayY: [1.5, 3.5], rotation: -Math.PI / 4, color });
  const mute = { tooltip: { show: false }, silent: true };

  /* how a bucket is called on the axis and in the tooltip */
  const axis = {
    day: (s, i) => { const d = day(s), n = d.getUTCDate(); return i === 0 || n < 8 ? `${n} ${MON[d.getUTCMonth()]}` : `${n}`; },
    week: s => { const d = day(s); return `${d.getUTCDate()} ${MON[d.getUTCMonth()]}`; },
    month: (s, i) => { const d = day(s), m = MON[d.getUTCMonth()]; return i === 0 || m === "Jan" ? `${m} ${d.getUTCFullYear()}` : m; },
  };
  const full = {
    day: s => { const d = day(s); return `${DAY[d.getUTCDay()]} ${d.getUTCDate()} ${MON[d.getUTCMonth()]}`; },
    week: s => { const d = day(s); return `Week from ${d.getUTCDate()} ${MON[d.getUTCMonth()]}`; },
    month: s => { const d = day(s); return `${MON[d.getUTCMonth()]} ${d.getUTCFullYear()}`; },
  };
  const short = v => Math.abs(v) >= 1e6 ? `${num(v / 1e6, v % 1e6 ? 1 : 0)}M` : Math.abs(v) >= 1e3 ? `${num(v / 1e3, v % 1e3 ? 1 : 0)}k` : num(v, Number.isInteger(v) ? 0 : 2);

  const base = (d, t) => {
    const every = d.unit === "day" && d.buckets.length > 10 ? Math.ceil(d.buckets.length / 70) * 7 : 1;
    const interval = i => i % every === 0;
    return {
      animation: false, aria: { enabled: true, label: { description: d.say } },
      textStyle: { fontFamily: t.font, fontSize: 12, color: t.quiet },
      grid: { left: 4, right: 8, top: 22, bottom: 4, containLabel: true },
      tooltip: { trigger: "axis", renderMode: "richText", confine: true, backgroundColor: t.paper, borderColor: t.ink, borderWidth: 1, padding: [8, 10], order: "seriesDesc",
        textStyle: { color: t.ink, fontSize: 12, fontFamily: t.font }, axisPointer: { type: "shadow", shadowStyle: { color: t.ink, opacity: .06 } },
        valueFormatter: v => v == null ? "" : num(+v, d.digits) },
      xAxis: { type: "category", data: d.buckets, axisPointer: { label: { formatter: p => full[d.unit](p.value) } }, z: 4, axisLine: { onZero: true, lineStyle: { color: t.ink } },
        axisTick: { alignWithLabel: true, interval, lineStyle: { color: t.ink } }, axisLabel: { color: t.quiet, interval, hideOverlap: true, formatter: axis[d.unit] } },
      yAxis: { type: "value", splitNumber: 4, splitLine: { lineStyle: { color: t.rule } }, axisLabel: { color: t.quiet, formatter: short, verticalAlign: "bottom", padding: [0, 0, 2, 0] } },
    };
  };
  /* a flat rule a bucket, haloed in paper: the compared period */
  const rules = (name, data, stroke, halo) => ({ type: "custom", name, data, z: 5, ...mute, renderItem: (p, api) => {
    const [x, y] = api.coord([api.value(0), api.value(1)]), w = api.size([1, 0])[0] * .46, shape = { x1: x - w, y1: y, x2: x + w, y2: y };
    return { type: "group", children: [[halo, 3.5], [stroke, 1.5]].map(([s, lineWidth]) => ({ type: "line", shape, style: { stroke: s, lineWidth } })) };
  } });

  const build = {
    stack(d, t) {
      const s = d.series.map(x => ({ type: "bar", stack: "a", name: x.name, data: x.data.map((value, i) => i === d.open ? { value, itemStyle: { opacity: .5 } } : value), barCategoryGap: d.buckets.length > 60 ? "8%" : "16%", barMaxWidth: 44, emphasis: { disabled: true },
        itemStyle: { borderWidth: d.buckets.length > 60 ? 0 : .75, color: t[`c${x.c}`], borderColor: t.paper, decal: x.c === 7 ? hatch(t.paper) : null } }));
      if (d.prev) s.push(rules(d.prev.name, d.prev.data.map((v, i) => [i, v]).filter(v => v[1] !== null), t.ink, t.paper));
      return { ...base(d, t), series: s };
    },
    /* actual against expected within its band; the excess is filled from the onset to the last day */
    band(d, t) {
      const b = base(d, t), n = a => a.map(v => v === null ? null : +v), [actual, expected] = [d.actual, d.expected].map(n);
      /* a band wider than all amounts is cut a little above them */
      const most = Math.max(...actual, ...expected) * 1.1, [lo, hi] = [d.lo, d.hi].map(n).map(a => a.map(v => v === null ? null : Math.min(v, most)));
      const up = actual[d.last] >= expected[d.last], ink = up ? t.red : t.blue, both = k => actual[k] !== null && expected[k] !== null;
      const during = f => actual.map((_, k) => k < d.onset || k > d.last || !both(k) ? null : f(k));
      const area = (stack, data, color, opacity) => ({ type: "line", stack, data, symbol: "none", ...mute, lineStyle: { opacity: 0 }, ...(color && { areaStyle: { color, opacity } }) });
      const [a, e] = [actual, expected].map(x => x[x.length - 1]), near = a !== null && e !== null && Math.abs(a - e) < most * .08;
      const line = (name, data, color, type, offset) => ({ type: "line", name, data, color, symbol: "none", connectNulls: false, emphasis: { disabled: true }, lineStyle: { width: type ? 1.5 : 2, color, type },
        endLabel: { show: true, formatter: "{a}", color, fontSize: 12, fontWeight: 600, distance: 6, offset: [0, near ? offset : 0] } });
      b.grid.right = 68;
      b.xAxis.boundaryGap = false;
      b.tooltip.order = "seriesAsc";
      b.tooltip.axisPointer = { type: "line", lineStyle: { color: t.ink, type: "solid" } };
      const wide = hi.map((v, k) => v === null || lo[k] === null ? null : v - lo[k]);
      const first = d.onset === null ? null : actual[d.onset], left = d.onset > d.buckets.length / 4;
      return { ...b, series: [area("b", lo), area("b", wide, t.c7, .3), area("e", during(k => Math.min(actual[k], expected[k]))), area("e", during(k => Math.abs(actual[k] - expected[k])), ink, .13),
        line("expected", expected, t.quiet, [5, 3], e > a ? -8 : 8), line("actual", actual, t.ink, undefined, e > a ? 8 : -8),
        ...(first === null ? [] : [{ type: "scatter", data: [[d.onset, first]], z: 6, ...mute, symbol: "diamond", symbolSize: 13, itemStyle: { color: ink, borderColor: t.paper, borderWidth: 1.5 },
          label: { show: true, position: left ? "left" : "top", distance: 5, formatter: full.day(d.buckets[d.onset]).slice(4), color: ink, fontSize: 12, fontWeight: 600 } }])] };
    },
    /* sums that grow: lines of several kinds, a fan between two edges, each line named where it ends */
    course(d, t) {
      const b = base(d, t), n = a => a.map(v => v === null ? null : +v), lo = n(d.lo), hi = n(d.hi), last = a => a.reduce((k, v, i) => v === null ? k : i, -1);
      const looks = { act: { color: t.ink, width: 2 }, exp: { color: t.quiet, width: 1.5, type: [5, 3] }, fc: { color: t.ink, width: 1.5, type: [9, 4] }, pace: { color: t.quiet, width: 1.5, type: [2, 4] }, lim: { color: t.ink, width: 1 } };
      const lines = d.lines.map(l => ({ ...l, data: n(l.data) })), top = Math.max(...lines.flatMap(l => l.data), ...hi), end = d.buckets.length - 1;
      b.grid.right = 72;
      b.xAxis.boundaryGap = false;
      b.tooltip.order = "seriesAsc";
      b.tooltip.axisPointer = { type: "line", lineStyle: { color: t.ink, type: "solid" } };
      const line = (name, data, lineStyle) => ({ type: "line", name, data, color: lineStyle.color || t.c7, symbol: "none", connectNulls: false, emphasis: { disabled: true }, lineStyle });
      const fan = hi.length ? [
        { type: "line", stack: "fan", stackStrategy: "all", data: lo, symbol: "none", ...mute, lineStyle: { opacity: 0 } },
        { type: "line", stack: "fan", stackStrategy: "all", data: hi.map((v, k) => v === null ? null : v - lo[k]), symbol: "none", ...mute, lineStyle: { opacity: 0 }, areaStyle: { color: t.c7, opacity: .3 } },
        line(d.edges[0], lo, { opacity: 0 }), line(d.edges[1], hi, { opacity: 0 })] : [];
      /* names that would lie on each other move apart */
      const named = lines.map(l => { const i = l.kind === "pace" ? Math.round(end * .7) : last(l.data); return { name: l.name, kind: l.kind, i, v: i < 0 ? 0 : l.data[i], y: 0 }; }).filter(l => l.i >= 0).sort((p, q) => p.v - q.v);
      named.filter(l => l.i === end).reduce((p, q) => { if (p && q.v - p.v < top * .07) { q.y = p.y - 7; p.y += 7; } return q; }, null);
      /* a name within the figure stands on the side where the pace, or what is spent, does not run */
      const other = (l, kinds) => lines.filter(x => kinds.includes(x.kind)).map(x => x.data[l.i]).find(v => v !== null) ?? null;
      const side = l => { const v = other(l, l.kind === "pace" ? ["fc", "act"] : ["pace", "exp"]); return v !== null && v > l.v ? (l.kind === "pace" ? ["right", 9] : ["right", 10]) : ["left", -9]; };
      const names = { type: "scatter", z: 6, ...mute, symbolSize: 1, itemStyle: { color: "transparent" }, data: named.map(l => { const [position, y] = l.i === end ? ["right", l.y] : l.i < end / 6 ? ["right", -12] : side(l);
        return { value: [l.i, l.v], label: { show: true, formatter: l.name, fontSize: 12, fontWeight: 600, color: looks[l.kind].color, position, distance: 6, offset: [0, y], textBorderColor: t.paper, textBorderWidth: 3 } }; }) };
      return { ...b, series: [...lines.map(l => line(l.name, l.data, looks[l.kind])), ...fan, names] };
    },
  };
  /* what is said aloud of a bucket */
  const said = {
    stack: (d, i) => num(d.series.reduce((a, s) => a + Number(s.data[i] || 0), 0), d.digits),
    course: (d, i) => d.lines.filter(l => l.data[i] !== null).map(l => `${l.name} ${num(+l.data[i], d.digits)}`).join(", "),
    band: (d, i) => d.actual[i] === null ? "not known" : `${num(+d.actual[i], d.digits)}${d.expected[i] === null ? "" : `, expected ${num(+d.expected[i], d.digits)}`}`,
  };

  const draw = () => {
    const seen = document.querySelectorAll("[data-chart]");
    if (!seen.length || !window.echarts) return;
    document.body.append(probe);
    const t = Object.fromEntries("paper wash ink quiet faint rule rule2 red blue c1 c2 c3 c4 c5 c6 c7".split(" ").map(n => [n, tok(n)]));
    t.font = getComputedStyle(document.body).fontFamily;
    probe.remove();
    seen.forEach(el => {
      const d = JSON.parse(document.getElementById(el.dataset.chart).textContent), c = echarts.getInstanceByDom(el) || echarts.init(el, null, { renderer: "svg" });
      c.setOption(build[d.kind](d, t), true);
      if (!el.ro) (el.ro = new ResizeObserver(() => c.resize())).observe(el);
      if (!el.keys) el.keys = walk(el, c, d);
    });
  };
  /* the chart is one tab stop; arrows read it bucket by bucket */
  const walk = (el, c, d) => {
    let i = -1;
    el.tabIndex = 0;
    el.addEventListener("keydown", e => {
      const to = { ArrowLeft: i - 1, ArrowRight: i + 1, Home: 0, End: d.buckets.length - 1 }[e.key];
      if (e.key === "Escape") { c.dispatchAction({ type: "hideTip" }); i = -1; }
      if (to === undefined) return;
      e.preventDefault();
      i = Math.min(Math.max(to, 0), d.buckets.length - 1);
      c.dispatchAction({ type: "showTip", seriesIndex: d.kind === "band" ? 5 : 0, dataIndex: i });
      const live = document.getElementById("said");
      if (live) live.textContent = `${full[d.unit](d.buckets[i])}: ${said[d.kind](d, i)} ${d.currency}`;
    });
    el.addEventListener("blur", () => c.dispatchAction({ type: "hideTip" }));
    return true;
  };
  const charts = () => [...document.querySelectorAll("[data-chart]")].map(el => window.echarts?.getInstanceByDom(el)).filter(Boolean);
  document.addEventListener("DOMContentLoaded", () => document.fonts.ready.then(draw));
  for (const e of ["bursar:theme", "htmx:after:swap"]) document.addEventListener(e, draw);
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", draw);
  addEventListener("beforeprint", () => charts().forEach(c => c.resize({ width: 660 })));
  addEventListener("afterprint", () => charts().forEach(c => c.resize({ width: "auto" })));
})();
