//! *Test connection*: stage by stage, with the administrative or the launch credential.

use leptos::prelude::*;
use protocol::ids::RecordId;
use protocol::time::Timestamp;
use protocol::vault::{StageReport, TestOutcome, TestReport, Tested, TestedCredential};

use super::api::TestConnection as Test;
use super::list::State;
use crate::ui::form::{DraftForm, FormSentence, FormState, answer_of};
use crate::ui::when::{When, duration};

/// Runs the test and shows its report.
#[component]
pub fn TestConnection(id: RecordId, credentials: Vec<TestedCredential>, tested: Tested) -> impl IntoView {
    let action = ServerAction::<Test>::new();
    let state = FormState::of(action);
    let report = answer_of(action);
    let pending = action.pending();
    let at_load = StoredValue::new(tested.clone());
    let buttons = credentials
        .into_iter()
        .map(|credential| {
            let words = match credential {
                TestedCredential::Administrative => "Test administrative credential",
                TestedCredential::Launch => "Test launch credential",
            };

            view! {
                <button name="credential" value=credential.name() disabled=pending>
                    {words}
                </button>
            }
        })
        .collect_view();

    view! {
        <section class="card" id="test">
            <header>
                <h2>"Test connection"</h2>
                {move || view! { <State tested=shown(report.get().as_ref(), &at_load.get_value()) /> }}
            </header>
            <div aria-live="polite">
                <FormSentence state />
                {move || match report.get() {
                    Some(report) => view! { <Report report /> }.into_any(),
                    None => view! { <LastTest tested=tested.clone() /> }.into_any(),
                }}
            </div>
            <DraftForm action state check=|_: &Test| Vec::new()>
                <input type="hidden" name="id" value=id.to_string() />
                <footer>
                    <p class="muted">{move || pending.get().then_some("Connecting…")}</p>
                    {buttons}
                </footer>
            </DraftForm>
        </section>
    }
    .into_any()
}

/// What the report says, or what was known when the page was loaded.
fn shown(report: Option<&TestReport>, at_load: &Tested) -> Tested {
    match report {
        Some(report) if report.passed() => Tested::Verified { at: Timestamp(0) },
        Some(_) => Tested::Failed {
            at: Timestamp(0),
            sentence: String::new(),
        },
        None => at_load.clone(),
    }
}

/// What the last test found, on a page that has run none.
#[component]
fn LastTest(tested: Tested) -> impl IntoView {
    match tested {
        Tested::Never => {
            view! { <p class="muted">"Not tested since host, port, TLS or a credential changed."</p> }
                .into_any()
        }
        Tested::Verified { at } => view! { <p class="muted">"Verified on " <When at /></p> }.into_any(),
        Tested::Failed { at, sentence } => view! {
            <p>
                {sentence} " " <span class="muted">
                    <When at />
                </span>
            </p>
        }
        .into_any(),
    }
}

#[component]
fn Report(report: TestReport) -> impl IntoView {
    let heading = if report.passed() {
        view! { <p class="done">"Connected as " <b class="mono">{report.login}</b>"."</p> }.into_any()
    } else {
        view! { <p class="warning">"Could not connect as " <b class="mono">{report.login}</b>"."</p> }
            .into_any()
    };
    let warnings = report
        .warnings
        .into_iter()
        .map(|warning| view! { <p class="warning">{warning}</p> })
        .collect_view();

    view! {
        {heading}
        <Stages stages=report.stages />
        {warnings}
    }
    .into_any()
}

/// The stages in their order.
#[component]
pub fn Stages(stages: Vec<StageReport>) -> impl IntoView {
    let stages = stages
        .into_iter()
        .map(|stage| view! { <Stage stage /> })
        .collect_view();

    view! { <ol class="stages">{stages}</ol> }.into_any()
}

#[component]
fn Stage(stage: StageReport) -> impl IntoView {
    let took = match &stage.outcome {
        TestOutcome::Passed(_) | TestOutcome::Failed { .. } => milliseconds(stage.micros),
        TestOutcome::Skipped(_) => String::new(),
    };
    let (class, word, said) = match stage.outcome {
        TestOutcome::Passed(found) => (
            "tag ok",
            "passed",
            view! { <p class="muted">{found}</p> }.into_any(),
        ),
        TestOutcome::Failed { sentence, remedy } => {
            let said = view! {
                <p>{sentence}</p>
                <p class="muted">{remedy}</p>
            };
            ("tag bad", "failed", said.into_any())
        }
        TestOutcome::Skipped(why) => ("tag", "skipped", view! { <p class="muted">{why}</p> }.into_any()),
    };

    view! {
        <li>
            <span class=class>{word}</span>
            <b>{stage.stage.label()}</b>
            <span class="end muted">{took}</span>
            {said}
        </li>
    }
    .into_any()
}

/// `0.4 ms`, `12 ms`, `3 s`.
fn milliseconds(micros: u64) -> String {
    match micros {
        0..10_000 => format!("{}.{} ms", micros / 1_000, micros % 1_000 / 100),
        10_000..2_000_000 => format!("{} ms", micros / 1_000),
        _ => duration(i64::try_from(micros).unwrap_or(i64::MAX)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_stages_are_told_apart() {
        for (micros, expected) in [(420, "0.4 ms"), (12_900, "12 ms"), (3_000_000, "3 s")] {
            assert_eq!(milliseconds(micros), expected);
        }
    }
}
