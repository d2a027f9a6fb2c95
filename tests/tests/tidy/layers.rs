//! The direction of imports in the runtime, as a table.
//!
//! Data flows one way (ARCHITECTURE.md, "Map"), and a module knows only what stands before it:
//! `error, semconv <- event <- capture <- span <- attach <- wrap <- manifest` and
//! `event <- spool <- sender <- destination`.

use crate::source::{code_only, lines_with_word, names_below, without_tests};
use crate::tree::File;

/// What the files of one module must not name.
struct Layer {
    /// The module's name directly below the crate.
    module: &'static str,
    /// Modules of the crate that stand after it.
    modules: &'static [&'static [&'static str]],
    /// Crates and standard modules whose business it is not.
    crates: &'static [&'static str],
}

/// The modules on a call's way, in the order of the data.
const CALLS: &[&str] =
    &["shape", "event", "capture", "span", "attach", "wrap", "custom", "manifest"];
const FROM_EVENT: &[&str] = CALLS.split_at(1).1;
const FROM_CAPTURE: &[&str] = CALLS.split_at(2).1;
const FROM_SPAN: &[&str] = CALLS.split_at(3).1;
const FROM_ATTACH: &[&str] = CALLS.split_at(4).1;
const FROM_WRAP: &[&str] = CALLS.split_at(5).1;
const FROM_CUSTOM: &[&str] = CALLS.split_at(6).1;

/// The modules on an event's way to its destination.
const DELIVERY: &[&str] = &["spool", "sender", "destination"];
const FROM_SENDER: &[&str] = DELIVERY.split_at(1).1;
const DESTINATION: &[&str] = DELIVERY.split_at(2).1;

const LAYERS: &[Layer] = &[
    Layer {
        module: "error",
        modules: &[CALLS, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util"],
    },
    Layer {
        module: "contain",
        modules: &[CALLS, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest"],
    },
    Layer {
        module: "stderr",
        modules: &[CALLS, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "std::fs", "std::net"],
    },
    Layer {
        module: "system",
        modules: &[CALLS, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "std::net"],
    },
    Layer {
        module: "sync",
        modules: &[CALLS, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "std::fs", "std::net"],
    },
    Layer {
        module: "semconv",
        modules: &[CALLS, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest"],
    },
    Layer {
        module: "shape",
        modules: &[FROM_EVENT, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest"],
    },
    Layer {
        module: "event",
        modules: &[FROM_CAPTURE, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema", "std::fs", "std::net"],
    },
    Layer {
        module: "log",
        modules: &[FROM_CAPTURE, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema", "std::fs", "std::net"],
    },
    Layer {
        module: "metrics",
        modules: &[FROM_CAPTURE, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema", "std::fs", "std::net"],
    },
    Layer {
        module: "telemetry",
        modules: &[&["shape"], FROM_CAPTURE, FROM_SENDER],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema", "std::fs", "std::net"],
    },
    Layer {
        module: "otel",
        modules: &[&["shape"], FROM_SPAN, DELIVERY],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema", "std::fs", "std::net"],
    },
    Layer {
        module: "prometheus",
        modules: &[&["shape"], FROM_CAPTURE, FROM_SENDER],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema"],
    },
    Layer {
        module: "capture",
        modules: &[FROM_SPAN, DELIVERY],
        crates: &["tokio", "reqwest", "std::net"],
    },
    Layer {
        module: "span",
        modules: &[FROM_ATTACH, FROM_SENDER],
        crates: &["reqwest", "std::net"],
    },
    Layer { module: "attach", modules: &[FROM_WRAP, FROM_SENDER], crates: &["reqwest"] },
    Layer {
        module: "wrap",
        modules: &[FROM_CUSTOM, FROM_SENDER],
        crates: &["reqwest", "std::fs", "std::net"],
    },
    Layer {
        module: "manifest",
        modules: &[FROM_SENDER],
        crates: &["tokio", "reqwest", "std::fs", "std::net"],
    },
    Layer {
        module: "spool",
        modules: &[&["shape"], FROM_CAPTURE, FROM_SENDER],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema", "std::net"],
    },
    Layer {
        module: "audit",
        modules: &[&["shape"], FROM_CAPTURE, FROM_SENDER],
        crates: &["rmcp", "tokio", "tokio_util", "reqwest", "jsonschema", "std::net"],
    },
    Layer {
        module: "sender",
        modules: &[&["shape"], FROM_CAPTURE, DESTINATION],
        crates: &["rmcp", "jsonschema"],
    },
    Layer {
        module: "destination",
        modules: &[&["shape"], FROM_CAPTURE],
        crates: &["rmcp", "jsonschema"],
    },
];

/// An import that runs against the direction of the data.
pub(crate) fn import_direction(file: &File) -> Vec<String> {
    let Some(layer) = LAYERS.iter().find(|layer| in_module(file, layer.module)) else {
        return Vec::new();
    };
    let code = without_tests(&code_only(&file.text));
    let path = &file.path;
    let mut faults = Vec::new();
    for (line, name) in own_modules(file, &code) {
        if layer.modules.iter().any(|modules| modules.contains(&name.as_str())) {
            faults.push(format!("{path}:{line}: `{}` must not know `crate::{name}`", layer.module));
        }
    }
    for foreign in layer.crates {
        for line in lines_with_word(&code, foreign) {
            faults.push(format!("{path}:{line}: `{}` must not know `{foreign}`", layer.module));
        }
    }
    faults
}

/// A path that climbs over two modules hides where it leads.
pub(crate) fn no_climbing(file: &File) -> Vec<String> {
    if !file.is_library() {
        return Vec::new();
    }
    let code = code_only(&file.text);
    let climbs = crate::source::lines_where(&code, |line| line.contains("super::super"));
    let fault = |line| format!("{}:{line}: write `crate::` instead of `super::super`", file.path);
    climbs.into_iter().map(fault).collect()
}

fn in_module(file: &File, module: &str) -> bool {
    let below = file.path.strip_prefix("runtime/src/").unwrap_or_default();
    file.is_library()
        && (below == format!("{module}.rs") || below.starts_with(&format!("{module}/")))
}

/// The modules directly below the crate that the code names.
fn own_modules(file: &File, code: &str) -> Vec<(usize, String)> {
    let mut names = names_below(code, "crate");
    names.extend(names_below(code, "$crate"));
    // In `x.rs` and `x/mod.rs`, `super` is the crate.
    if file.name() == "mod.rs" || file.path.matches('/').count() == 2 {
        names.extend(names_below(code, "super"));
    }
    names
}
