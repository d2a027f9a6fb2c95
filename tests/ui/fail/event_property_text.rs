//! A text may hold anything.

fn main() {
    let query = String::from("what a user typed");
    toolwatch::Watch::disabled().event("searched").property("query", &query).record();
}
