//! Card and phone numbers are integers; what counts things is a `Count`.

fn main() {
    let phone = 4_915_112_345_678_u64;
    toolwatch::Watch::disabled().event("called").property("phone", &phone).record();
}
