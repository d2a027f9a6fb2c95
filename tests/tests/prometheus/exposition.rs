//! A strict reader of the text format 0.0.4: what it does not expect is a fault.

use std::collections::BTreeMap;

/// Names and values of a sample's labels.
pub(crate) type Labels = BTreeMap<String, String>;

/// One metric family.
#[derive(Debug)]
pub(crate) struct Family {
    pub(crate) kind: String,
    /// Values by the sample's name and labels.
    pub(crate) samples: BTreeMap<(String, Labels), f64>,
}

/// All families by name.
#[derive(Debug, Default)]
pub(crate) struct Exposition(pub(crate) BTreeMap<String, Family>);

impl Exposition {
    /// The value of the sample with exactly these labels.
    #[track_caller]
    pub(crate) fn value(&self, name: &str, labels: &[(&str, &str)]) -> f64 {
        let found = self.find(name, labels);
        found.unwrap_or_else(|| panic!("there is no {name} {labels:?} in {:#?}", self.0))
    }

    pub(crate) fn find(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let labels = labels.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        self.samples().get(&(name.to_owned(), labels.collect())).copied()
    }

    /// Every sample of every family.
    pub(crate) fn samples(&self) -> BTreeMap<(String, Labels), f64> {
        self.0.values().flat_map(|family| family.samples.clone()).collect()
    }

    /// All values of a label.
    pub(crate) fn values_of(&self, label: &str) -> std::collections::BTreeSet<String> {
        let samples = self.0.values().flat_map(|family| family.samples.keys());
        samples.filter_map(|(_, labels)| labels.get(label).cloned()).collect()
    }
}

/// Reads a whole text.
pub(crate) fn parse(text: &str) -> Result<Exposition, String> {
    let mut families = BTreeMap::<String, Family>::new();
    let mut current: Option<String> = None;
    let mut helped: Option<String> = None;
    if !text.is_empty() && !text.ends_with('\n') {
        return Err("the last line has no end".to_owned());
    }
    for line in text.split_terminator('\n') {
        let fault = |what: &str| Err(format!("{what}: {line:?}"));
        if let Some(unsafe_one) = line.chars().find(|c| is_unsafe(*c)) {
            return fault(&format!("a character {}", unsafe_one.escape_unicode()));
        }
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let Some((name, help)) = rest.split_once(' ') else { return fault("no help") };
            if help.is_empty() || helped.is_some() {
                return fault("a help without its family");
            }
            helped = Some(name.to_owned());
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let Some((name, kind)) = rest.split_once(' ') else { return fault("no type") };
            if !["counter", "gauge", "histogram"].contains(&kind) || !is_name(name) {
                return fault("a type or a name that is none");
            }
            if helped.take().as_deref() != Some(name) {
                return fault("a type without a help");
            }
            let family = Family { kind: kind.to_owned(), samples: BTreeMap::new() };
            if families.insert(name.to_owned(), family).is_some() {
                return fault("a family that comes twice");
            }
            current = Some(name.to_owned());
        } else {
            let Some(of) = &current else { return fault("a sample before its type") };
            let family = families.get_mut(of).ok_or("no family")?;
            let (name, labels, value) = sample(line)?;
            let suffix = name.strip_prefix(of.as_str());
            let is_known = match family.kind.as_str() {
                "histogram" => matches!(suffix, Some("_bucket" | "_sum" | "_count")),
                _ => suffix == Some(""),
            };
            if !is_known {
                return fault("a sample of another family");
            }
            if family.samples.insert((name, labels), value).is_some() {
                return fault("a sample that comes twice");
            }
        }
    }
    families.iter().try_for_each(|(name, family)| check(name, family))?;
    Ok(Exposition(families))
}

/// What could move a cursor, hide or turn a part of a line.
fn is_unsafe(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

fn is_name(name: &str) -> bool {
    let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
    name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_') && name.chars().all(is_part)
}

fn sample(line: &str) -> Result<(String, Labels, f64), String> {
    let fault = |what: &str| format!("{what}: {line:?}");
    let end = line.find(['{', ' ']).ok_or_else(|| fault("no value"))?;
    let (name, mut rest) = line.split_at(end);
    let mut labels = Labels::new();
    if let Some(mut inner) = rest.strip_prefix('{') {
        loop {
            let (key, after) = inner.split_once("=\"").ok_or_else(|| fault("no label"))?;
            let (value, after) = unescape(after).ok_or_else(|| fault("an open label"))?;
            if !is_name(key) || labels.insert(key.to_owned(), value).is_some() {
                return Err(fault("a label that is none, or comes twice"));
            }
            match after.strip_prefix(',') {
                Some(next) => inner = next,
                None => {
                    rest = after.strip_prefix('}').ok_or_else(|| fault("an open set of labels"))?;
                    break;
                }
            }
        }
    }
    let value = rest.strip_prefix(' ').ok_or_else(|| fault("no space"))?;
    let value: f64 = value.parse().map_err(|_| fault("a value that is none"))?;
    if !is_name(name) || value.is_nan() || value < 0.0 {
        return Err(fault("a name or a value that cannot be"));
    }
    Ok((name.to_owned(), labels, value))
}

/// The text up to the quote that ends it, and what follows.
fn unescape(text: &str) -> Option<(String, &str)> {
    let mut value = String::new();
    let mut rest = text.char_indices();
    while let Some((at, c)) = rest.next() {
        match c {
            '"' => return Some((value, &text[at + 1..])),
            '\\' => value.push(match rest.next()?.1 {
                'n' => '\n',
                escaped @ ('"' | '\\') => escaped,
                _ => return None,
            }),
            c => value.push(c),
        }
    }
    None
}

/// Buckets rise to the count, in the order of their bounds, and a family is not empty.
fn check(name: &str, family: &Family) -> Result<(), String> {
    if family.samples.is_empty() {
        return Err(format!("{name} is empty"));
    }
    if family.kind != "histogram" {
        return Ok(());
    }
    let mut series = BTreeMap::<Labels, Vec<(f64, f64)>>::new();
    for ((sample, labels), count) in &family.samples {
        if sample.ends_with("_bucket") {
            let mut labels = labels.clone();
            let bound = labels.remove("le").ok_or("a bucket without a bound")?;
            let bound = bound.parse().map_err(|_| format!("a bound {bound}"))?;
            series.entry(labels).or_default().push((bound, *count));
        }
    }
    for (labels, mut buckets) in series {
        buckets.sort_by(|one, other| one.0.total_cmp(&other.0));
        let rises = buckets.is_sorted_by(|one, other| one.0 < other.0 && one.1 <= other.1);
        let count = family.samples.get(&(format!("{name}_count"), labels.clone()));
        let sum = family.samples.get(&(format!("{name}_sum"), labels.clone()));
        let last = buckets.last().copied().unwrap_or_default();
        if !rises || sum.is_none() || last.0 != f64::INFINITY || count != Some(&last.1) {
            return Err(format!("the histogram {name} {labels:?} does not add up: {buckets:?}"));
        }
    }
    Ok(())
}

#[test]
fn the_reader_refuses_what_a_hostile_name_could_do_to_a_line() {
    let head = "# HELP a_total Help.\n# TYPE a_total counter\n";
    let read = |line: &str| parse(&format!("{head}{line}\n"));
    assert!(read("a_total{t=\"x\\\"\\\\\\n\"} 1").is_ok());
    for line in [
        "a_total{t=\"x\"} 1\na_total{t=\"x\"} 2",
        "a_total{t=\"x\"}evil_total 1",
        "a_total{t=\"x\" 1",
        "a_total{t=\"x\"y\"} 1",
        "a_total{t=\"\\x\"} 1",
        "a_total{t=\"\u{1b}[31m\"} 1",
        "a_total{t=\"\u{202e}\"} 1",
        "evil_total 1",
        "a_total 1\n# TYPE a_total counter",
        "a_total one",
        "a_total -1",
        "",
    ] {
        assert!(read(line).is_err(), "{line:?} was read");
    }
}
