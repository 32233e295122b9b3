"use strict";
// Each chart is drawn from the table beneath it: a row's first cell names it, each th[data-series] is a line or a row of bars.
(() => {
  const COLOURS = ["#14634a", "#c98a12", "#2a7de1"];
  const FONT = getComputedStyle(document.documentElement).fontFamily;

  function seriesOf(table, chart) {
    const heads = [...table.tHead.rows[0].cells];
    const rows = [...table.tBodies[0].rows];
    const drawn = heads.flatMap((head, column) => (head.dataset.series ? [{ head, column }] : []));
    const found = drawn.map(({ head, column }, number) => ({
      name: head.textContent.trim(), type: chart.dataset.kind, barMaxWidth: 26, color: COLOURS[number], symbolSize: 7,
      data: rows.map((row) => (row.cells[column].dataset.value === "" ? null : Number(row.cells[column].dataset.value))),
    }));
    // A target is a dashed line in the colour of what it holds for.
    const targets = drawn.flatMap(({ head }, number) => (head.dataset.target ? [{
      name: head.dataset.targetName, type: "line", symbol: "none", color: COLOURS[number], lineStyle: { type: "dashed", width: 1.5 },
      data: rows.map(() => Number(head.dataset.target)), silent: true,
    }] : []));
    return { labels: rows.map((row) => row.cells[0].textContent.trim()), series: [...found, ...targets] };
  }

  // The build of the library has no legend: ours stands above the picture.
  function legendOf(series) {
    const legend = document.createElement("p");
    legend.className = "legend";
    legend.append(...series.map((one) => {
      const key = document.createElement("span");
      key.className = `key key-${COLOURS.indexOf(one.color)}${one.silent ? " dashed" : ""}`;
      key.textContent = one.name;
      return key;
    }));
    return legend;
  }

  function draw(chart) {
    const { labels, series } = seriesOf(document.getElementById(chart.dataset.from), chart);
    const drawing = window.echarts.init(chart, null, { renderer: "canvas" });
    const unit = chart.dataset.unit || "";
    if (series.length > 1) chart.before(legendOf(series));
    const bars = series.map((one) => (one.silent ? one : { ...one, label: { show: labels.length <= 10, position: "top", formatter: ({ value }) => (value ? `${value}` : "") } }));
    drawing.setOption({
      animation: false, textStyle: { fontFamily: FONT, fontSize: 13 }, grid: { left: 8, right: 16, top: 22, bottom: 8, containLabel: true },
      xAxis: { type: "category", data: labels, axisLabel: { interval: 0, hideOverlap: true, rotate: labels.length > 5 ? 35 : 0 } },
      yAxis: { type: "value", minInterval: unit ? 0 : 1, axisLabel: { formatter: `{value}${unit}` } }, series: bars,
    });
    new ResizeObserver(() => drawing.resize()).observe(chart);
  }

  function drawAll() {
    for (const chart of document.querySelectorAll(".chart:empty")) draw(chart);
  }
  drawAll();
  new MutationObserver(drawAll).observe(document.getElementById("main"), { childList: true });
})();
