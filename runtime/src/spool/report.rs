//! The account as it travels with each batch.

use super::ledger::{DropReason, Stats, Tally};

impl Stats {
    /// Writes the loss report that travels with each batch.
    pub(crate) fn write_report(&self, out: &mut Vec<u8>) {
        write_tally(out, &self.own);
        if self.adopted.captured() > 0 {
            out.truncate(out.len() - 1);
            out.extend_from_slice(b",\"adopted\":");
            write_tally(out, &self.adopted);
            out.push(b'}');
        }
    }
}

fn write_tally(out: &mut Vec<u8>, tally: &Tally) {
    use std::io::Write as _;
    // Writing to a Vec cannot fail.
    let _ = write!(
        out,
        "{{\"captured\":{},\"delivered\":{},\"spooled\":{},\"dropped\":{{",
        tally.captured(),
        tally.delivered(),
        tally.spooled()
    );
    let mut comma = "";
    for &reason in DropReason::ALL {
        let count = tally.dropped(reason);
        if count > 0 {
            let _ = write!(out, "{comma}\"{}\":{count}", reason.as_str());
            comma = ",";
        }
    }
    out.extend_from_slice(b"}}");
}
