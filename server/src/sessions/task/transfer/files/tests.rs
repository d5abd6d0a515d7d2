//! Files as the browser is sent them: within the window, in order, and broken rather than short.

use super::*;

fn all(files: &mut Files) -> Vec<Part> {
    std::iter::from_fn(|| files.poll()).collect()
}

fn n_bytes(parts: &[Part]) -> usize {
    let sizes = parts.iter().map(|part| match part {
        Part::Bytes(bytes) => bytes.len(),
        Part::Begin(_) | Part::End(_) => 0,
    });

    sizes.sum()
}

#[test]
fn rows_go_together_and_a_file_ends_after_them() {
    let mut files = Files::default();
    files.begin("a.csv".to_owned());
    files.push(&Bytes::from_static(b"1\n"));
    files.push(&Bytes::from_static(b"2\n"));
    files.end(true);

    assert!(files.is_finishing());
    assert_eq!(
        all(&mut files),
        [
            Part::Begin("a.csv".to_owned()),
            Part::Bytes(Bytes::from_static(b"1\n2\n")),
            Part::End(FileEnd::Whole),
        ]
    );
    assert!(!files.is_finishing() && files.has_room());
}

#[test]
fn no_more_is_sent_than_the_window_holds_until_it_is_taken() {
    let mut files = Files::default();
    files.begin("a".to_owned());
    files.push(&Bytes::from(vec![b'x'; 1_000_000]));
    files.end(true);

    let window = usize::try_from(DOWNLOAD_WINDOW).unwrap();
    assert_eq!(n_bytes(&all(&mut files)), window);
    assert!(!files.has_room());
    files.acknowledge(100);
    assert_eq!(n_bytes(&all(&mut files)), 100);
    // More than was sent is no credit.
    files.acknowledge(u64::MAX);
    let rest = all(&mut files);
    assert_eq!(n_bytes(&rest), 1_000_000 - window - 100);
    assert_eq!(rest.last(), Some(&Part::End(FileEnd::Whole)));
}

#[test]
fn what_is_not_whole_says_so_at_once() {
    let mut files = Files::default();
    files.begin("a".to_owned());
    files.push(&Bytes::from(vec![b'x'; 2_000_000]));
    assert_eq!(files.poll(), Some(Part::Begin("a".to_owned())));
    files.end(false);
    assert_eq!(all(&mut files), [Part::End(FileEnd::Broken)]);

    files.begin("b".to_owned());
    files.push(&Bytes::from(vec![b'x'; 2_000_000]));
    files.end(true);
    files.break_all();
    assert!(files.has_room());
    assert_eq!(
        all(&mut files),
        [Part::Begin("b".to_owned()), Part::End(FileEnd::Broken)]
    );
}

#[test]
fn a_file_nobody_takes_is_forgotten_and_its_end_is_heard() {
    let mut files = Files::default();
    files.begin("a".to_owned());
    files.push(&Bytes::from_static(b"1\n"));
    files.forget();
    assert!(files.is_open());
    assert_eq!(all(&mut files), []);
    files.end(false);
    assert!(!files.is_open());
}

#[test]
fn an_upload_counts_what_is_taken_once() {
    let mut upload = Upload::of("a.csv".to_owned());
    assert!(!upload.is_open());
    upload.is_asked = true;
    upload.waiting.push_back(Bytes::from_static(b"1\n"));

    assert!(upload.is_open());
    assert_eq!(upload.credit(), None);
    assert_eq!(upload.take(), Some(Bytes::from_static(b"1\n")));
    assert_eq!((upload.credit(), upload.credit()), (Some(2), None));
}
