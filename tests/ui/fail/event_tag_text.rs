//! The value of a tag is in the source, and a text of the run time is not.

fn main() {
    let plan = String::from("what a user typed");
    toolwatch::Watch::disabled().event("paid").tag("plan", plan.as_str()).record();
}
