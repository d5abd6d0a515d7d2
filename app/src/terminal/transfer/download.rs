//! A file the browser saves: kept until it is whole while it is small, written as it comes where it is large.

use std::cell::{Cell, RefCell};
use std::rc::Rc;
use std::time::Duration;

use js_sys::{Array, Object, Promise, Reflect, Uint8Array};
use leptos::prelude::*;
use leptos::task::spawn_local;
use protocol::terminal::{ClientFrame, FileEnd};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use web_sys::{Blob, HtmlAnchorElement, Url};

use super::meter::Meter;
use super::upload::now;
use super::{Send, Stage, Transfer};
use crate::terminal::shown::Shown;

/// Bytes the browser keeps before the person is asked where to save them.
const KEPT: u64 = 64 * 1024 * 1024;

/// Bytes the browser keeps where it cannot write files as they come.
const MOST: u64 = 256 * 1024 * 1024;

/// Bytes put away before the server is told.
const STEP: u64 = 64 * 1024;

/// A file that was saved may be read by the browser for so long.
const SAVING: Duration = Duration::from_secs(60);

#[wasm_bindgen]
extern "C" {
    /// The page's window, where it can save files as they come. Not in every browser.
    type Picker;
    #[wasm_bindgen(method, catch, js_name = showSaveFilePicker)]
    fn show(this: &Picker, options: &Object) -> Result<Promise, JsValue>;

    type Handle;
    #[wasm_bindgen(method, catch, js_name = createWritable)]
    fn create_writable(this: &Handle) -> Result<Promise, JsValue>;

    /// A file being written; nothing is at its place before it is closed.
    #[derive(Clone)]
    type Writable;
    #[wasm_bindgen(method, catch)]
    fn write(this: &Writable, bytes: &JsValue) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn close(this: &Writable) -> Result<Promise, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn abort(this: &Writable) -> Result<Promise, JsValue>;
}

/// Where what comes is put.
#[derive(Clone)]
enum Place {
    /// Kept by the browser.
    Kept,
    /// Kept, and the server gets no credit until the person has said where to save it.
    Asked,
    File(Writable),
}

/// One download, from its first byte to its end.
pub(in crate::terminal) struct Download {
    name: String,
    shown: Shown,
    send: Send,
    place: RefCell<Place>,
    kept: RefCell<Vec<Blob>>,
    arrived: Cell<u64>,
    put_away: Cell<u64>,
    told: Cell<u64>,
    is_choosing: Cell<bool>,
    is_whole: Cell<bool>,
    is_over: Cell<bool>,
    meter: Cell<Meter>,
}

impl Download {
    pub(in crate::terminal) fn begin(name: String, shown: Shown, send: Send) -> Rc<Self> {
        let download = Rc::new(Self {
            name,
            shown,
            send,
            place: RefCell::new(Place::Kept),
            kept: RefCell::default(),
            arrived: Cell::new(0),
            put_away: Cell::new(0),
            told: Cell::new(0),
            is_choosing: Cell::new(false),
            is_whole: Cell::new(false),
            is_over: Cell::new(false),
            meter: Cell::new(Meter::start(now())),
        });
        download.show(0);

        download
    }

    /// The next bytes.
    pub(in crate::terminal) fn take(self: &Rc<Self>, bytes: &Uint8Array) {
        if self.is_over.get() {
            return;
        }
        let len = u64::from(bytes.length());
        let arrived = self.arrived.get() + len;
        self.arrived.set(arrived);
        let place = self.place.borrow().clone();

        match place {
            Place::File(file) => self.write(file, bytes.clone().into(), len),
            Place::Asked => self.keep(bytes),
            Place::Kept => {
                self.keep(bytes);
                if arrived <= KEPT {
                    self.acknowledge(len);
                } else if can_write_files() {
                    *self.place.borrow_mut() = Place::Asked;
                    self.show_stage(Stage::Place);
                } else if arrived <= MOST {
                    self.acknowledge(len);
                } else {
                    self.shown.say(format!(
                        "{} is larger than {} MiB, more than this browser keeps. Use one that saves files while they \
                         arrive, such as Chrome or Edge.",
                        self.name,
                        MOST / (1024 * 1024)
                    ));
                    self.cancel();
                }
            }
        }
    }

    /// The person chooses where to save; only from a click of theirs.
    pub(in crate::terminal) fn choose(self: &Rc<Self>) {
        if self.is_choosing.replace(true) {
            return;
        }
        let options = Object::new();
        // The object is ours and not frozen.
        let _set = Reflect::set(&options, &"suggestedName".into(), &self.name.as_str().into());
        let Ok(shown) = window().unchecked_into::<Picker>().show(&options) else {
            self.is_choosing.set(false);
            return;
        };
        let download = self.clone();
        spawn_local(async move {
            let file = match JsFuture::from(shown).await {
                Ok(handle) => open(&handle.unchecked_into()).await,
                // They closed the window without choosing; the question stays.
                Err(_) => None,
            };
            download.is_choosing.set(false);
            download.go_on_in(file);
        });
    }

    pub(in crate::terminal) fn end(self: &Rc<Self>, end: FileEnd) {
        if self.is_over.get() {
            return;
        }

        match end {
            FileEnd::Broken => self.drop_file(),
            FileEnd::Whole => {
                self.is_whole.set(true);
                if !self.is_choosing.get() {
                    self.save();
                }
            }
        }
    }

    /// The person wants no more of it.
    pub(in crate::terminal) fn cancel(&self) {
        if !self.is_over.get() {
            (self.send)(&ClientFrame::DownloadCancel);
        }
        self.drop_file();
    }

    /// What has come is thrown away.
    pub(in crate::terminal) fn drop_file(&self) {
        self.is_over.set(true);
        self.kept.borrow_mut().clear();
        if let Place::File(file) = &*self.place.borrow() {
            // It is thrown away; there is nothing to wait for.
            let _aborted = file.abort();
        }
        self.shown.transfer.set(None);
    }

    fn go_on_in(self: &Rc<Self>, file: Option<Writable>) {
        if self.is_over.get() {
            return;
        }
        let Some(file) = file else {
            if self.is_whole.get() {
                self.save();
            }
            return;
        };
        *self.place.borrow_mut() = Place::File(file.clone());
        let kept: Vec<Blob> = self.kept.borrow_mut().drain(..).collect();
        let owed = self.arrived.get() - self.put_away.get();
        let all = Array::new();
        for blob in kept {
            all.push(&blob);
        }
        if let Ok(all) = Blob::new_with_blob_sequence(&all) {
            self.write(file, all.into(), owed);
        }
        self.show(0);
        if self.is_whole.get() {
            self.save();
        }
    }

    /// Writes in the order of calls, and tells the server when it is done.
    fn write(self: &Rc<Self>, file: Writable, bytes: JsValue, len: u64) {
        let download = self.clone();
        let written = file.write(&bytes);
        spawn_local(async move {
            let is_written = match written {
                Ok(written) => JsFuture::from(written).await.is_ok(),
                Err(_) => false,
            };
            match is_written {
                true => download.acknowledge(len),
                false if download.is_over.get() => {}
                false => {
                    download.shown.say(format!(
                        "{} cannot be written. The disk may be full.",
                        download.name
                    ));
                    download.cancel();
                }
            }
        });
    }

    /// All of it is here: closes the file, or gives it to the browser to save.
    fn save(self: &Rc<Self>) {
        self.is_over.set(true);
        self.shown.transfer.set(None);
        let place = self.place.borrow().clone();

        match place {
            Place::File(file) => {
                let (shown, name) = (self.shown, self.name.clone());
                spawn_local(async move {
                    let is_closed = match file.close() {
                        Ok(closed) => JsFuture::from(closed).await.is_ok(),
                        Err(_) => false,
                    };
                    shown.say(match is_closed {
                        true => format!("{name} is saved."),
                        false => format!("{name} cannot be written. The disk may be full."),
                    });
                });
            }
            Place::Kept | Place::Asked => {
                let all = Array::new();
                for blob in self.kept.borrow_mut().drain(..) {
                    all.push(&blob);
                }
                if Blob::new_with_blob_sequence(&all)
                    .and_then(|blob| hand_over(&self.name, &blob))
                    .is_err()
                {
                    self.shown.say(format!("{} cannot be saved.", self.name));
                }
            }
        }
    }

    fn keep(&self, bytes: &Uint8Array) {
        if let Ok(blob) = Blob::new_with_u8_array_sequence(&Array::of1(bytes)) {
            self.kept.borrow_mut().push(blob);
        }
    }

    fn acknowledge(&self, len: u64) {
        let put_away = self.put_away.get() + len;
        self.put_away.set(put_away);
        if put_away - self.told.get() >= STEP {
            self.told.set(put_away);
            (self.send)(&ClientFrame::FileTaken { taken: put_away });
        }
        let mut meter = self.meter.get();
        if let Some(per_second) = meter.tell(put_away, now()) {
            self.meter.set(meter);
            self.show(per_second);
        }
    }

    fn show(&self, per_second: u64) {
        self.show_stage(Stage::Saving {
            moved: self.put_away.get(),
            per_second,
        });
    }

    fn show_stage(&self, stage: Stage) {
        if self.is_over.get() {
            return;
        }
        self.shown.transfer.set(Some(Transfer {
            name: Some(self.name.clone()),
            stage,
        }));
    }
}

async fn open(handle: &Handle) -> Option<Writable> {
    let opened = handle.create_writable().ok()?;

    Some(JsFuture::from(opened).await.ok()?.unchecked_into())
}

fn can_write_files() -> bool {
    Reflect::has(&window(), &"showSaveFilePicker".into()).unwrap_or(false)
}

/// Has the browser save `blob` as it saves every download.
fn hand_over(name: &str, blob: &Blob) -> Result<(), JsValue> {
    let url = Url::create_object_url_with_blob(blob)?;
    let link: HtmlAnchorElement = document().create_element("a")?.unchecked_into();
    link.set_href(&url);
    link.set_download(name);
    link.click();
    set_timeout(
        move || {
            // It is saved, or has failed and said so.
            let _revoked = Url::revoke_object_url(&url);
        },
        SAVING,
    );

    Ok(())
}
