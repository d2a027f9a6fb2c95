//! The name of an event is in the source.

fn main() {
    let name = format!("paid_{}", 7);
    toolwatch::Watch::disabled().event(&name).record();
}
