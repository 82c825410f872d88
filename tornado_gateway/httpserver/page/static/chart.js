// Columns over days, stacked, drawn from the table that says the same: amounts are numbers here for the drawing alone.
(() => {
  "use strict";
  const HEIGHT = 240;
  const colour = (name) => {
    const probe = document.createElement("i");
    probe.className = `probe-${name}`;
    probe.hidden = true;
    document.body.append(probe);
    probe.style.color = `var(--${name})`;
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  const brief = (value) => {
    if (value === 0) return "0";
    const most = value < 0.01 ? 6 : value < 1 ? 3 : 2;
    return new Intl.NumberFormat("en", { notation: value >= 10000 ? "compact" : "standard", maximumFractionDigits: most }).format(value);
  };
  // There is no half a request.
  const WHOLE = Array.from({ length: 13 }, (_, power) => [1, 2, 5].map((step) => step * 10 ** power)).flat();
  const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const shortDay = (day) => `${Number(day.slice(8)) || day.slice(0, 4)} ${MONTHS[Number(day.slice(5, 7)) - 1]}`; // 25 Nov, or 2026 Nov

  const read = (table) => {
    const series = [...table.tHead.querySelectorAll("[data-series]")].map((cell) => ({
      name: cell.dataset.series,
      swatch: cell.querySelector(".swatch"),
    }));
    const days = [...table.tBodies[0].rows].map((row) => ({
      day: row.cells[0].textContent,
      total: row.querySelector("[data-total]").textContent,
      cells: [...row.querySelectorAll("[data-value]")].map((cell) => ({ text: cell.textContent, value: Number(cell.dataset.value) })),
    }));
    return { series, days };
  };

  const stacked = ({ series, days }) => {
    // The sum of all first: what is drawn later stands before it.
    const sums = days.map(() => 0);
    const columns = series.map((_, index) => days.map((day, at) => (sums[at] += day.cells[index].value)));
    return [days.map((_, index) => index), ...columns.reverse()];
  };

  const tipOver = (plot, { series, days }) => {
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    plot.root.parentElement.append(tip);
    return () => {
      const index = plot.cursor.idx;
      tip.hidden = index == null || plot.cursor.left < 0;
      if (tip.hidden) return;
      const day = days[index];
      const head = document.createElement("p");
      head.append(...[day.day, day.total].map((text) => Object.assign(document.createElement("span"), { textContent: text })));
      const list = document.createElement("ul");
      series.forEach((one, place) => {
        const cell = day.cells[place];
        if (!cell.value) return;
        const line = document.createElement("li");
        line.append(
          one.swatch.cloneNode(),
          Object.assign(document.createElement("bdi"), { textContent: one.name }),
          Object.assign(document.createElement("span"), { className: "amount", textContent: cell.text }),
        );
        list.append(line);
      });
      tip.replaceChildren(head, list);
      const box = plot.root.parentElement;
      const left = plot.over.offsetLeft + plot.cursor.left + 16 + plot.root.offsetLeft;
      tip.style.left = `${left + tip.offsetWidth < box.clientWidth ? left : Math.max(0, left - tip.offsetWidth - 32)}px`;
    };
  };

  const draw = (place) => {
    const table = document.getElementById(place.dataset.of);
    if (!table || !window.uPlot) return;
    place.replaceChildren();
    const shown = read(table);
    const { series, days } = shown;
    const ink = colour("ink-3");
    const line = colour("line");
    const font = `11px ${getComputedStyle(document.body).fontFamily}`;
    const axis = { stroke: ink, font, ticks: { show: false } };
    let tell = () => {};
    const inner = () => place.clientWidth - 32;
    const plot = new uPlot(
      {
        width: inner(),
        height: HEIGHT,
        padding: [8, 20, 0, 0],
        legend: { show: false },
        cursor: { y: false, points: { show: false }, drag: { x: false, y: false } },
        scales: {
          x: { time: false, range: [-0.5, days.length - 0.5] },
          y: { range: (_, __, most) => [0, most > 0 ? most * 1.04 : 1] },
        },
        axes: [
          {
            ...axis,
            grid: { show: false },
            size: 28,
            splits: (u) => {
              const step = Math.max(1, Math.ceil(days.length / Math.max(1, Math.floor(u.width / 76))));
              return days.map((_, index) => index).filter((index) => (days.length - 1 - index) % step === 0);
            },
            values: (_, splits) => splits.map((index) => shortDay(days[index].day)),
          },
          {
            ...axis,
            size: 44,
            grid: { stroke: line, width: 1 },
            values: (_, splits) => splits.map(brief),
            ...(place.dataset.measure === "cost" ? {} : { incrs: WHOLE }),
          },
        ],
        series: [
          {},
          ...series.map((one) => ({ fill: getComputedStyle(one.swatch).color, width: 0, points: { show: false }, paths: uPlot.paths.bars({ size: [0.76, 36] }) })).reverse(),
        ],
        hooks: { setCursor: [() => tell()] },
      },
      stacked(shown),
      place,
    );
    tell = tipOver(plot, shown);
    place.plot?.stop();
    const watch = new ResizeObserver(() => {
      if (inner() > 0 && Math.abs(inner() - plot.width) > 1) plot.setSize({ width: inner(), height: HEIGHT });
    });
    watch.observe(place);
    place.plot = {
      stop: () => {
        watch.disconnect();
        plot.destroy();
      },
    };
  };

  const drawAll = () => {
    for (const place of document.querySelectorAll(".chart[data-of]")) {
      place.plot?.stop();
      place.plot = undefined;
      draw(place);
    }
  };
  document.addEventListener("partloaded", drawAll);
  document.addEventListener("themechange", drawAll);
  drawAll();
})();
