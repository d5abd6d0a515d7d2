//! `\d` and its relatives: names and arguments; what they do is in [`crate::describe`].

use super::{Arguments, Bad, Outcome, bad_argument};
use crate::describe::{Command, Reads};
use crate::engine::Engine;

/// What `\?` says about them.
pub(super) const HELP: &[(&str, &str)] = &[
    ("\\d[S+]", "list tables, views and sequences"),
    ("\\d[S+]  NAME", "describe table, view, sequence or index"),
    ("\\da[S]  [PATTERN]", "list aggregates"),
    ("\\dA[+]  [PATTERN]", "list access methods"),
    ("\\dAc[+] [AM [TYPE]]", "list operator classes"),
    ("\\dAf[+] [AM [TYPE]]", "list operator families"),
    ("\\dAo[+] [AM [FAMILY]]", "list operators of operator families"),
    (
        "\\dAp[+] [AM [FAMILY]]",
        "list support functions of operator families",
    ),
    ("\\db[+]  [PATTERN]", "list tablespaces"),
    ("\\dc[S+] [PATTERN]", "list conversions"),
    ("\\dconfig[+] [PATTERN]", "list configuration parameters"),
    ("\\dC[+]  [PATTERN]", "list casts"),
    ("\\dd[S]  [PATTERN]", "show comments not shown elsewhere"),
    ("\\dD[S+] [PATTERN]", "list domains"),
    ("\\ddp    [PATTERN]", "list default privileges"),
    ("\\dE[S+] [PATTERN]", "list foreign tables as relations"),
    ("\\des[+] [PATTERN]", "list foreign servers"),
    ("\\det[+] [PATTERN]", "list foreign tables"),
    ("\\deu[+] [PATTERN]", "list user mappings"),
    ("\\dew[+] [PATTERN]", "list foreign-data wrappers"),
    (
        "\\df[anptw][S+] [FUNC]",
        "list [only agg/normal/proc/trigger/window] functions",
    ),
    ("\\dF[+]  [PATTERN]", "list text search configurations"),
    ("\\dFd[+] [PATTERN]", "list text search dictionaries"),
    ("\\dFp[+] [PATTERN]", "list text search parsers"),
    ("\\dFt[+] [PATTERN]", "list text search templates"),
    ("\\dg[S+] [PATTERN]", "list roles"),
    ("\\di[S+] [PATTERN]", "list indexes"),
    ("\\dl[+]", "list large objects"),
    ("\\dL[S+] [PATTERN]", "list procedural languages"),
    ("\\dm[S+] [PATTERN]", "list materialized views"),
    ("\\dn[S+] [PATTERN]", "list schemas"),
    ("\\do[S+] [OPPTRN [TYPE]]", "list operators"),
    ("\\dO[S+] [PATTERN]", "list collations"),
    (
        "\\dp     [PATTERN]",
        "list access privileges of tables, views and sequences",
    ),
    (
        "\\dP[itn+] [PATTERN]",
        "list [only index/table] partitioned relations [n=nested]",
    ),
    ("\\drds [ROLE [DB]]", "list settings of roles in databases"),
    ("\\dRp[+] [PATTERN]", "list publications"),
    ("\\dRs[+] [PATTERN]", "list subscriptions"),
    ("\\ds[S+] [PATTERN]", "list sequences"),
    ("\\dt[S+] [PATTERN]", "list tables"),
    ("\\dT[S+] [PATTERN]", "list data types"),
    ("\\du[S+] [PATTERN]", "list roles"),
    ("\\dv[S+] [PATTERN]", "list views"),
    ("\\dx[+]  [PATTERN]", "list extensions"),
    ("\\dX     [PATTERN]", "list extended statistics"),
    ("\\dy[+]  [PATTERN]", "list event triggers"),
    ("\\l[+]   [PATTERN]", "list databases"),
    ("\\lo_list[+]", "list large objects"),
    ("\\sf[+]  FUNCNAME", "show the definition of a function"),
    ("\\sv[+]  VIEWNAME", "show the definition of a view"),
    ("\\z      [PATTERN]", "same as \\dp"),
];

/// Runs the command of this name; `None` when it is none of these.
pub(super) fn run(engine: &mut Engine, name: &str, arguments: &mut Arguments<'_>) -> Option<Outcome> {
    let command = Command::find(name)?;
    let words = match command.reads {
        Reads::Line => arguments.whole_line().map(|line| vec![line]).unwrap_or_default(),
        Reads::Words(most) => match words(engine, arguments, most) {
            Ok(words) => words.into_iter().map(without_semicolons).collect(),
            Err(outcome) => return Some(outcome),
        },
    };
    let mut inquiry = command.begin(engine.scope(), words);
    while let Ok(Some(extra)) = arguments.next() {
        inquiry.warn_last(format!("\\{name}: extra argument \"{extra}\" ignored"));
    }
    engine.begin_inquiry(inquiry);
    Some(Outcome::Done)
}

fn words(engine: &mut Engine, arguments: &mut Arguments<'_>, most: usize) -> Result<Vec<String>, Outcome> {
    let mut words = Vec::new();
    while words.len() < most {
        match arguments.next() {
            Ok(Some(word)) => words.push(word),
            Ok(None) => break,
            // Like psql: the command goes on without the argument.
            Err(Bad::Unterminated) => {
                bad_argument(engine, &Bad::Unterminated);
                arguments.whole_line();
                break;
            }
            Err(bad) => return Err(bad_argument(engine, &bad)),
        }
    }
    Ok(words)
}

/// A semicolon typed behind a name out of habit is no part of it.
fn without_semicolons(word: String) -> String {
    word.trim_end_matches(';').to_owned()
}
