//! `postern sessions play`: what was shown, when it was shown; of a session without a screen what was run.

use std::time::{Duration, Instant};

use clap::Args as Group;
use protocol::dates::rfc3339;
use protocol::recordings::RecordingView;
use protocol::service_accounts::in_words;
use protocol::sessions::SessionView;
use recording::{Body, Export, Format, Frame, Keys, legible, listing};
use tokio::time::sleep_until;

use super::named::Named;
use super::reel::{Piece, Reel};
use crate::args::AccessArgs;
use crate::exit::Failure;
use crate::look::{Happened, Screen, too_small};
use crate::{account, clock, print};

/// Remarks that are kept until the terminal is free.
const MAX_REMARKS: usize = 20;

#[derive(Debug, Group)]
pub struct PlayArgs {
    /// Its id, as postern sessions list shows it, or enough of its beginning.
    session: Named,
    /// So many times as fast as it was.
    #[arg(long, value_name = "N", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// Where nothing happened for longer than so many seconds, wait only so long.
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    idle_limit: Option<f64>,
}

pub async fn run(access: &AccessArgs, wanted: &PlayArgs, wants_json: bool) -> Result<(), Failure> {
    let server = account::open(access)?;
    let (view, reel, missing) = Reel::open(&server, &wanted.session.find(&server).await?).await?;
    for sentence in &missing {
        print::remark(sentence);
    }
    if wants_json {
        return tell_programs(reel).await;
    }
    let recordings = view.session.recordings;
    let has_picture = view.session.kind.has_screen() && (recordings.graphical || recordings.text);
    print::remark(&announcement(&view.session, has_picture));
    if !has_picture {
        return tell(reel).await;
    }
    let remarks = play(reel, wanted).await?;
    for remark in remarks {
        print::remark(&remark);
    }

    tell_if_it_goes_on(&view)
}

fn announcement(session: &SessionView, has_picture: bool) -> String {
    let began: String = rfc3339(session.started_at).chars().take(16).collect();
    let keys = if has_picture {
        " The space bar pauses, q leaves."
    } else {
        ""
    };

    legible(&format!(
        "{} in {} as {}, from {} UTC on.{keys}",
        in_words(&session.person_email),
        session.record_title,
        session.account,
        began.replace('T', " ")
    ))
    .into_owned()
}

fn tell_if_it_goes_on(view: &RecordingView) -> Result<(), Failure> {
    if view.session.state.runs() {
        print::remark(&format!(
            "The session goes on: postern sessions watch {}",
            view.session.id
        ));
    }

    Ok(())
}

/// Every frame as a line, as the export has it.
async fn tell_programs(mut reel: Reel<'_>) -> Result<(), Failure> {
    let mut export = Export::new(Format::JsonLines, Keys::LeftOut);
    while let Some(piece) = reel.next().await? {
        match piece {
            Piece::Frames(frames) => {
                for frame in &frames {
                    print::piece(&export.push(frame))?;
                }
            }
            Piece::Damaged(sentence) => print::remark(&sentence),
        }
    }

    print::piece(&export.finish())
}

/// What was run: when (UTC), on which lane.
async fn tell(mut reel: Reel<'_>) -> Result<(), Failure> {
    while let Some(piece) = reel.next().await? {
        match piece {
            Piece::Frames(frames) => print::piece(listing(&frames).as_bytes())?,
            Piece::Damaged(sentence) => print::remark(&sentence),
        }
    }

    Ok(())
}

/// Plays it to its end, or until its person leaves; what is to be said then.
async fn play(mut reel: Reel<'_>, wanted: &PlayArgs) -> Result<Vec<String>, Failure> {
    let screen = Screen::open(false)?;
    let mut player = Player {
        pace: Pace::new(wanted, screen.is_terminal(), clock::instant()),
        screen,
        paused_at: None,
        needs_picture: false,
        size: (0, 0),
        remarks: Vec::new(),
    };
    let played = player.play(&mut reel).await;
    let Player {
        screen,
        mut remarks,
        size: (cols, rows),
        ..
    } = player;
    screen.close();
    remarks.extend(too_small(cols, rows));

    played.map(|()| remarks)
}

struct Player {
    screen: Screen,
    pace: Pace,
    paused_at: Option<Instant>,
    /// Something is missing: what comes next builds on what was not shown.
    needs_picture: bool,
    /// The largest there was.
    size: (u16, u16),
    remarks: Vec<String>,
}

/// Whether it goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    On,
    Leave,
}

impl Player {
    async fn play(&mut self, reel: &mut Reel<'_>) -> Result<(), Failure> {
        while let Some(piece) = reel.next().await? {
            let frames = match piece {
                Piece::Frames(frames) => frames,
                Piece::Damaged(sentence) => {
                    self.miss(sentence);
                    continue;
                }
            };
            for frame in frames {
                if self.step(frame).await == Step::Leave {
                    return Ok(());
                }
            }
        }
        // The last of it is to be seen.
        self.drain().await;

        Ok(())
    }

    async fn step(&mut self, frame: Frame) -> Step {
        let at = frame.at;
        match frame.body {
            Body::Output(bytes) if frame.lane == 0 => {
                if self.wait(at).await == Step::Leave {
                    return Step::Leave;
                }
                self.screen.show(&bytes);
            }
            Body::Keyframe(keyframe) if self.needs_picture => {
                if self.wait(at).await == Step::Leave {
                    return Step::Leave;
                }
                self.needs_picture = false;
                self.screen.paint(&keyframe.screen);
            }
            Body::Header(header) => self.measure(header.cols, header.rows),
            Body::Resize { cols, rows } => self.measure(cols, rows),
            Body::Gap(gap) => self.miss(format!("Nothing recorded: {}", gap.reason)),
            Body::Output(_)
            | Body::Keyframe(_)
            | Body::Input(_)
            | Body::StatementStart(_)
            | Body::StatementEnd(_)
            | Body::Transfer(_)
            | Body::Marker(_)
            | Body::End { .. }
            | Body::Connected(_)
            | Body::Disconnected { .. }
            | Body::Unknown { .. } => {}
        }

        Step::On
    }

    fn measure(&mut self, cols: u16, rows: u16) {
        self.size = (self.size.0.max(cols), self.size.1.max(rows));
    }

    fn miss(&mut self, sentence: String) {
        self.needs_picture = true;
        if self.remarks.len() < MAX_REMARKS {
            self.remarks.push(legible(&sentence).into_owned());
        }
    }

    /// Waits until the moment of a frame has come.
    async fn wait(&mut self, at: i64) -> Step {
        self.pace.come_to(at);
        loop {
            let goes_on = self.paused_at.is_none() && !self.screen.is_behind();
            tokio::select! {
                biased;
                happened = self.screen.happened() => match happened {
                    Happened::Leave => return Step::Leave,
                    Happened::Pause => self.pause(),
                    Happened::Shown(_) => {}
                },
                () = sleep_until(self.pace.due.into()), if goes_on => return Step::On,
            }
        }
    }

    fn pause(&mut self) {
        let now = clock::instant();
        match self.paused_at.take() {
            Some(since) => self.pace.due += now.duration_since(since),
            None => self.paused_at = Some(now),
        }
    }

    async fn drain(&mut self) {
        while self.screen.is_behind() {
            if self.screen.happened().await == Happened::Leave {
                return;
            }
        }
    }
}

/// When what is due.
#[derive(Debug, Clone, PartialEq)]
struct Pace {
    speed: f64,
    idle_limit: Option<f64>,
    /// Nobody looks on: what was shown is written as it comes.
    is_at_once: bool,
    last: Option<i64>,
    due: Instant,
}

impl Pace {
    fn new(wanted: &PlayArgs, is_looked_at: bool, now: Instant) -> Self {
        Self {
            speed: wanted.speed,
            idle_limit: wanted.idle_limit,
            is_at_once: !is_looked_at,
            last: None,
            due: now,
        }
    }

    /// A frame of this time (microseconds) is next.
    fn come_to(&mut self, at: i64) {
        let last = self.last.replace(at).unwrap_or(at);
        let seconds = Duration::from_micros(u64::try_from(at - last).unwrap_or_default()).as_secs_f64();
        let seconds = self.idle_limit.map_or(seconds, |limit| seconds.min(limit));
        if !self.is_at_once {
            self.due += Duration::try_from_secs_f64(seconds / self.speed).unwrap_or_default();
        }
    }
}

fn speed(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(speed) if (0.01..=1000.0).contains(&speed) => Ok(speed),
        Ok(_) | Err(_) => Err("say a number from 0.01 to 1000, such as 2 or 0.5".to_owned()),
    }
}

fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=86_400.0).contains(&seconds) => Ok(seconds),
        Ok(_) | Err(_) => Err("say a number of seconds, such as 2 or 0.5".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn due(speed: f64, idle_limit: Option<f64>, is_looked_at: bool) -> Duration {
        let start = clock::instant();
        let wanted = PlayArgs {
            session: "abcd".parse().unwrap(),
            speed,
            idle_limit,
        };
        let mut pace = Pace::new(&wanted, is_looked_at, start);
        for at in [5_000_000, 6_000_000, 16_000_000] {
            pace.come_to(at);
        }

        pace.due - start
    }

    #[test]
    fn it_goes_as_fast_as_it_went_unless_somebody_says() {
        assert_eq!(due(1.0, None, true), Duration::from_secs(11));
        assert_eq!(due(2.0, None, true), Duration::from_millis(5_500));
        assert_eq!(due(1.0, Some(2.0), true), Duration::from_secs(3));
        assert_eq!(due(1.0, None, false), Duration::ZERO);
    }

    #[test]
    fn what_is_no_speed_is_told() {
        assert_eq!(speed("0.5"), Ok(0.5));
        for wrong in ["0", "-1", "NaN", "inf", "fast"] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
        assert!(seconds("0").is_ok() && seconds("-1").is_err() && seconds("NaN").is_err());
    }
}
