//! How each kind of panel is drawn, in Grafana's words: `options` and `fieldConfig.defaults.custom`.

use serde::Serialize;
use serde_json::{Value, json};

use crate::dashboard::{Panel, PanelKind, Stacking};

/// `options`.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Options<'a> {
    Timeseries {
        legend: Legend,
        tooltip: Tooltip,
    },
    Stat {
        graph_mode: &'static str,
        color_mode: &'static str,
        justify_mode: &'static str,
        text_mode: &'static str,
        wide_layout: bool,
        show_percent_change: bool,
        percent_change_color_mode: &'static str,
        reduce_options: Reduce,
        orientation: &'static str,
    },
    Gauge {
        show_threshold_labels: bool,
        show_threshold_markers: bool,
        sizing: &'static str,
        min_viz_width: u16,
        min_viz_height: u16,
        reduce_options: Reduce,
        orientation: &'static str,
    },
    Bargauge {
        display_mode: &'static str,
        value_mode: &'static str,
        name_placement: &'static str,
        show_unfilled: bool,
        sizing: &'static str,
        min_viz_width: u16,
        min_viz_height: u16,
        max_viz_height: u16,
        legend: Legend,
        reduce_options: Reduce,
        orientation: &'static str,
    },
    Table {
        frame_index: u8,
        show_header: bool,
    },
    Text {
        mode: &'static str,
        content: &'a str,
    },
    Other {},
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Legend {
    display_mode: &'static str,
    placement: &'static str,
    show_legend: bool,
    calcs: [(); 0],
}

#[derive(Serialize)]
pub(super) struct Tooltip {
    mode: &'static str,
    sort: &'static str,
}

/// Which number of a series is shown.
#[derive(Serialize)]
pub(super) struct Reduce {
    calcs: [&'static str; 1],
    fields: &'static str,
    values: bool,
}

/// The last one.
const LAST: Reduce = Reduce { calcs: ["lastNotNull"], fields: "", values: false };

impl<'a> Options<'a> {
    pub(super) fn of(panel: &'a Panel) -> Self {
        match &panel.kind {
            PanelKind::Timeseries => {
                Self::Timeseries { legend: Legend::shown(true), tooltip: Tooltip { mode: "multi", sort: "desc" } }
            }
            PanelKind::Stat => Self::Stat {
                graph_mode: "area",
                color_mode: if panel.thresholds.is_empty() { "none" } else { "value" },
                justify_mode: "auto",
                text_mode: "auto",
                wide_layout: true,
                show_percent_change: false,
                percent_change_color_mode: "standard",
                reduce_options: LAST,
                orientation: "auto",
            },
            PanelKind::Gauge => Self::Gauge {
                show_threshold_labels: false,
                show_threshold_markers: true,
                sizing: "auto",
                min_viz_width: 75,
                min_viz_height: 75,
                reduce_options: LAST,
                orientation: "auto",
            },
            PanelKind::Bargauge => Self::Bargauge {
                display_mode: "basic",
                value_mode: "color",
                name_placement: "auto",
                show_unfilled: true,
                sizing: "auto",
                min_viz_width: 8,
                min_viz_height: 16,
                max_viz_height: 300,
                legend: Legend::shown(false),
                reduce_options: LAST,
                orientation: "horizontal",
            },
            PanelKind::Table => Self::Table { frame_index: 0, show_header: true },
            PanelKind::Text => Self::Text { mode: "markdown", content: &panel.text },
            PanelKind::Heatmap | PanelKind::Piechart | PanelKind::Other(_) => Self::Other {},
        }
    }
}

impl Legend {
    fn shown(show_legend: bool) -> Self {
        Self { display_mode: "list", placement: "bottom", show_legend, calcs: [] }
    }
}

/// `fieldConfig.defaults.custom`: of lines, the only kind that has any here.
#[derive(Serialize)]
#[serde(untagged, rename_all_fields = "camelCase")]
pub(super) enum Custom {
    Timeseries {
        draw_style: &'static str,
        line_interpolation: &'static str,
        line_width: u8,
        fill_opacity: u8,
        show_points: &'static str,
        span_nulls: bool,
        stacking: StackingMode,
        thresholds_style: ThresholdsStyle,
    },
    Other {},
}

#[derive(Serialize)]
pub(super) struct StackingMode {
    mode: &'static str,
    group: &'static str,
}

#[derive(Serialize)]
pub(super) struct ThresholdsStyle {
    mode: &'static str,
}

impl Custom {
    pub(super) fn of(panel: &Panel) -> Self {
        if panel.kind != PanelKind::Timeseries {
            return Self::Other {};
        }
        let (mode, fill_opacity) = match panel.stacking {
            Stacking::None => ("none", 10),
            Stacking::Normal => ("normal", 30),
            Stacking::Percent => ("percent", 30),
        };
        Self::Timeseries {
            draw_style: "line",
            line_interpolation: "linear",
            line_width: 1,
            fill_opacity,
            show_points: "auto",
            span_nulls: false,
            stacking: StackingMode { mode, group: "A" },
            thresholds_style: ThresholdsStyle { mode: "off" },
        }
    }
}

/// What makes a table of an instant answer: one row for each series, without what is the same in all of them.
pub(super) fn transformations(panel: &Panel) -> Option<Value> {
    let organize = || {
        let hidden = json!({ "Time": true, "__name__": true });
        json!([{ "id": "organize", "options": { "excludeByName": hidden, "indexByName": {}, "renameByName": {} } }])
    };
    (panel.kind == PanelKind::Table).then(organize)
}
