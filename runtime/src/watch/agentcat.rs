//! AgentCat by variables. In code it is a destination as any other.

use super::environment::Environment;
use crate::destination::Destination;

/// The destination that `TOOLWATCH_AGENTCAT` asks for, unless the author has given one. AgentCat's own
/// variables say which project and where; there is no default for the address, so that nothing goes
/// to a host that nobody has named.
#[cfg(feature = "agentcat")]
pub(super) fn resolve(
    given: &[Box<dyn Destination>],
    env: &mut Environment<'_>,
) -> Option<Box<dyn Destination>> {
    use crate::contain::contain;
    use crate::destination::AgentCat;

    let is_wanted = env.flag("TOOLWATCH_AGENTCAT") == Some(true);
    let is_given = |of: &dyn Destination| contain(|| of.name() == "agentcat") == Some(true);
    if !is_wanted || given.iter().any(|of| is_given(&**of)) {
        return None;
    }
    let (url, project) = (env.text("AGENTCAT_API_URL"), env.text("AGENTCAT_PROJECT_ID"));
    let (Some(url), Some(project)) = (url, project) else {
        env.warn(
            "TOOLWATCH_AGENTCAT needs AGENTCAT_API_URL and AGENTCAT_PROJECT_ID; nothing is sent by \
             it",
        );
        return None;
    };
    match AgentCat::new(&url, &project) {
        Ok(agentcat) => Some(Box::new(agentcat)),
        Err(error) => {
            env.warn(format!("AGENTCAT_API_URL or AGENTCAT_PROJECT_ID: {error}; sending nothing"));
            None
        }
    }
}

/// Says that this build cannot do what the variable asks for.
#[cfg(not(feature = "agentcat"))]
pub(super) fn resolve(
    _: &[Box<dyn Destination>],
    env: &mut Environment<'_>,
) -> Option<Box<dyn Destination>> {
    if env.flag("TOOLWATCH_AGENTCAT") == Some(true) {
        env.warn(
            "TOOLWATCH_AGENTCAT needs the feature `agentcat` of toolwatch; nothing is sent by it",
        );
    }
    None
}
