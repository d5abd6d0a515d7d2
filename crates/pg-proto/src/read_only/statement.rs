//! One statement: what it is, and whether it is permitted. `None` says that it is not.

use super::words::{Piece, Words};
use super::{Verdict, is_guarded};

/// What changes rows.
const CHANGES: [&str; 4] = ["insert", "update", "delete", "merge"];

/// What a query begins with, behind its parentheses.
const QUERIES: [&str; 4] = ["select", "table", "values", "with"];

/// Follows a query word by word.
#[derive(Default)]
struct Query {
    before: Before,
    /// A point behind it makes the next word a name: of a number it does not.
    may_qualify: bool,
}

/// What the word before says of the next one.
#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Before {
    #[default]
    Other,
    /// The next word is a name.
    Naming,
    /// FOR: it may say how rows are locked.
    For,
}

impl Query {
    fn see(&mut self, piece: Piece<'_>) -> Option<()> {
        let may_qualify = std::mem::replace(&mut self.may_qualify, piece.may_be_qualified());
        let before = std::mem::replace(&mut self.before, Before::of(piece, may_qualify));
        let is_refused = match before {
            Before::Naming => false,
            Before::Other => piece.is("into") || piece.is_any(&CHANGES),
            Before::For => {
                piece.is("into") || piece.is_any(&CHANGES) || piece.is_any(&["no", "share", "key"])
            }
        };

        (!is_refused).then_some(())
    }
}

impl Before {
    fn of(piece: Piece<'_>, may_qualify: bool) -> Self {
        if piece == Piece::Byte(b'.') && may_qualify || piece.is("as") {
            Self::Naming
        } else if piece.is("for") {
            Self::For
        } else {
            Self::Other
        }
    }
}

impl Words<'_> {
    /// What comes of the statement; `None` where it is not permitted. Takes its end too.
    pub(super) fn statement(&mut self, first: Piece<'_>) -> Option<Verdict> {
        let keyword = match first {
            Piece::Word(word) => word.to_ascii_lowercase(),
            Piece::Byte(b'(') => {
                self.query(first)?;
                return Some(Verdict::Permitted);
            }
            Piece::Name(_) | Piece::Literal | Piece::Byte(_) | Piece::End => return None,
        };
        match keyword.as_slice() {
            b"select" | b"table" | b"values" | b"with" => self.query(first)?,
            b"show" | b"fetch" | b"move" | b"close" | b"execute" | b"deallocate" | b"savepoint"
            | b"release" | b"listen" | b"unlisten" => self.pass()?,
            b"explain" => self.explain()?,
            b"declare" => self.declare()?,
            b"prepare" => self.prepare()?,
            b"copy" => self.copy()?,
            b"lock" => self.lock()?,
            b"set" => self.set()?,
            b"reset" => self.reset()?,
            b"begin" => return self.modes(),
            b"start" => {
                self.expect("transaction")?;
                return self.modes();
            }
            b"rollback" => return self.end_of_transaction(true),
            b"commit" | b"end" | b"abort" => return self.end_of_transaction(false),
            b"discard" => return self.discard(),
            _ => return None,
        }

        Some(Verdict::Permitted)
    }

    fn query(&mut self, first: Piece<'_>) -> Option<()> {
        let mut piece = first;
        while piece == Piece::Byte(b'(') {
            piece = self.take()?;
        }
        if !piece.is_any(&QUERIES) {
            return None;
        }
        let mut query = Query::default();
        loop {
            let piece = self.take()?;
            if piece == Piece::End {
                return Some(());
            }
            query.see(piece)?;
        }
    }

    /// Of what changes rows the plan may be asked for; ANALYZE would run it.
    fn explain(&mut self) -> Option<()> {
        let mut runs = false;
        let mut piece = self.take()?;
        if piece == Piece::Byte(b'(') {
            piece = self.take()?;
            if piece == Piece::Byte(b'(') || piece.is_any(&QUERIES) {
                return self.query(piece);
            }
            while piece != Piece::Byte(b')') {
                if piece == Piece::End {
                    return None;
                }
                // An option may stand in quotes.
                runs |= ["analyze", "analyse"].iter().any(|option| piece.spells(option));
                piece = self.take()?;
            }
            piece = self.take()?;
        }
        while piece.is_any(&["analyze", "analyse", "verbose"]) {
            runs |= !piece.is("verbose");
            piece = self.take()?;
        }
        if piece.is("declare") {
            return self.declare();
        }
        if piece.is("execute") || !runs && piece.is_any(&CHANGES) {
            return self.pass();
        }

        self.query(piece)
    }

    fn declare(&mut self) -> Option<()> {
        self.name()?;
        self.skip_to("cursor")?;
        self.skip_to("for")?;
        let first = self.take()?;

        self.query(first)
    }

    fn prepare(&mut self) -> Option<()> {
        self.name()?;
        let mut piece = self.take()?;
        if piece == Piece::Byte(b'(') {
            self.skip_parenthesis(None)?;
            piece = self.take()?;
        }
        if !piece.is("as") {
            return None;
        }
        let first = self.take()?;

        self.query(first)
    }

    /// To the client, and nowhere else.
    fn copy(&mut self) -> Option<()> {
        let mut piece = self.take()?;
        if piece.is("binary") {
            piece = self.take()?;
        }
        if piece == Piece::Byte(b'(') {
            let mut depth = 1;
            let mut first = self.take()?;
            while first == Piece::Byte(b'(') {
                depth += 1;
                first = self.take()?;
            }
            if !first.is_any(&QUERIES) {
                return None;
            }
            for _ in 0..depth {
                self.skip_parenthesis(Some(&mut Query::default()))?;
            }
            self.expect("to")?;
        } else {
            while !piece.is("to") {
                if piece == Piece::End || piece.is("from") {
                    return None;
                }
                piece = self.take()?;
            }
        }
        self.expect("stdout")?;

        self.pass()
    }

    /// As pg_dump locks what it reads.
    fn lock(&mut self) -> Option<()> {
        self.skip_to("in")?;
        for keyword in ["access", "share", "mode"] {
            self.expect(keyword)?;
        }

        self.pass()
    }

    fn set(&mut self) -> Option<()> {
        let mut names = true;
        let mut before = Piece::End;
        loop {
            let piece = self.take()?;
            match piece {
                Piece::End => return Some(()),
                Piece::Byte(b'=') => names = false,
                Piece::Word(_) if piece.is("to") => names = false,
                Piece::Word(name) | Piece::Name(name) if names => {
                    // SET SESSION AUTHORIZATION; and a server may fold other letters than ours.
                    if is_guarded(name) || piece.is("authorization") || !name.is_ascii() {
                        return None;
                    }
                }
                Piece::Word(_) | Piece::Name(_) | Piece::Literal | Piece::Byte(_) => {}
            }
            if before.is("read") && piece.is("write") {
                return None;
            }
            before = piece;
        }
    }

    fn reset(&mut self) -> Option<()> {
        loop {
            let piece = self.take()?;
            match piece {
                Piece::End => return Some(()),
                Piece::Word(name) | Piece::Name(name) => {
                    if is_guarded(name) || piece.is("authorization") || !name.is_ascii() {
                        return None;
                    }
                }
                Piece::Literal | Piece::Byte(_) => {}
            }
        }
    }

    /// Of a transaction that begins.
    fn modes(&mut self) -> Option<Verdict> {
        let mut before = Piece::End;
        loop {
            let piece = self.take()?;
            if piece == Piece::End {
                return Some(Verdict::Begins);
            }
            if before.is("read") && piece.is("write") {
                return None;
            }
            before = piece;
        }
    }

    fn end_of_transaction(&mut self, may_go_back: bool) -> Option<Verdict> {
        let mut piece = self.take()?;
        if piece.is_any(&["work", "transaction"]) {
            piece = self.take()?;
        }
        if may_go_back && piece.is("to") {
            self.pass()?;
            return Some(Verdict::Permitted);
        }
        if piece.is("and") {
            piece = self.take()?;
            if piece.is("no") {
                piece = self.take()?;
            }
            if !piece.is("chain") {
                return None;
            }
            piece = self.take()?;
        }

        (piece == Piece::End).then_some(Verdict::EndsTransaction)
    }

    /// DISCARD ALL is a transaction of its own.
    fn discard(&mut self) -> Option<Verdict> {
        let what = self.take()?;
        if !what.is_any(&["all", "plans", "sequences", "temp", "temporary"]) {
            return None;
        }
        self.pass()?;

        Some(if what.is("all") {
            Verdict::EndsTransaction
        } else {
            Verdict::Permitted
        })
    }

    fn name(&mut self) -> Option<()> {
        matches!(self.take()?, Piece::Word(_) | Piece::Name(_)).then_some(())
    }

    fn expect(&mut self, keyword: &str) -> Option<()> {
        self.take()?.is(keyword).then_some(())
    }

    /// Up to and with this keyword of the statement.
    fn skip_to(&mut self, keyword: &str) -> Option<()> {
        loop {
            let piece = self.take()?;
            if piece == Piece::End {
                return None;
            }
            if piece.is(keyword) {
                return Some(());
            }
        }
    }

    /// Up to and with the end of the parenthesis that is open.
    fn skip_parenthesis(&mut self, mut query: Option<&mut Query>) -> Option<()> {
        let mut depth = 1usize;
        while depth > 0 {
            let piece = self.take()?;
            match piece {
                Piece::End => return None,
                Piece::Byte(b'(') => depth += 1,
                Piece::Byte(b')') => depth -= 1,
                Piece::Word(_) | Piece::Name(_) | Piece::Literal | Piece::Byte(_) => {}
            }
            if let Some(query) = &mut query {
                query.see(piece)?;
            }
        }

        Some(())
    }
}
