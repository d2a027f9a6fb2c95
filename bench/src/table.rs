//! The table: each figure beside the bar that it is held against.

/// What a figure must be.
#[derive(Clone, Copy)]
pub enum Bar {
    /// At least this.
    AtLeast(f64),
    /// At most this.
    AtMost(f64),
    /// It is printed for comparison.
    None,
}

impl Bar {
    fn text(self) -> String {
        match self {
            Self::AtLeast(bar) => format!(">= {bar}"),
            Self::AtMost(bar) => format!("<= {bar}"),
            Self::None => "-".to_owned(),
        }
    }

    fn verdict(self, figure: f64) -> &'static str {
        let met = match self {
            Self::AtLeast(bar) => figure >= bar,
            Self::AtMost(bar) => figure <= bar,
            Self::None => return "",
        };
        if met { "met" } else { "NOT MET" }
    }
}

/// Prints the head of a table.
pub fn head(title: &str, columns: [&str; 2]) {
    println!("\n{title}");
    println!("{:<44} {:>12} {:>12} {:>9} {:>10}", "measure", columns[0], columns[1], "figure", "bar");
}

/// Prints a row whose figure comes from two measured values.
pub fn row(measure: &str, values: [f64; 2], figure: f64, bar: Bar) {
    let [left, right] = values.map(|value| if value.is_nan() { String::new() } else { format!("{value:.2}") });
    println!("{measure:<44} {left:>12} {right:>12} {figure:>9.3} {:>10} {}", bar.text(), bar.verdict(figure));
}

/// Prints a row of one value.
pub fn single(measure: &str, figure: f64, bar: Bar) {
    row(measure, [f64::NAN, f64::NAN], figure, bar);
}
