//! Chunks come back as they were, from a file nobody else can find or read.

use std::fs::read_dir;

use tempfile::TempDir;

use super::*;

fn space(most: u64) -> (TempDir, Arc<Space>) {
    let folder = tempfile::tempdir().unwrap();
    let space = Space {
        reserve: 0,
        ..Space::new(folder.path().to_owned(), most)
    };

    (folder, Arc::new(space))
}

fn content(spool: &Spool) -> Vec<u8> {
    let mut content = vec![0; spool.written.try_into().unwrap()];
    spool.file.read_exact_at(&mut content, 0).unwrap();

    content
}

#[test]
fn chunks_come_back_in_their_order_and_as_they_were() {
    let (_folder, space) = space(u64::MAX);
    let mut spool = Spool::create(&space).unwrap();
    let chunks = [1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 7].map(|len| vec![b'x'; len]);

    for chunk in &chunks {
        spool.push(chunk).unwrap();
    }

    for chunk in &chunks {
        assert!(spool.pop().unwrap().unwrap() == *chunk);
    }
    assert_eq!(spool.pop().unwrap(), None);
    spool.push(b"another").unwrap();
    assert_eq!(spool.pop().unwrap().unwrap(), "another");
}

#[test]
fn the_file_has_no_name_and_says_nothing() {
    let (folder, space) = space(u64::MAX);
    let mut spool = Spool::create(&space).unwrap();
    let row = b"a canary in the coal mine";

    for _ in 0..1000 {
        spool.push(&row.repeat(10)).unwrap();
    }

    assert_eq!(read_dir(folder.path()).unwrap().count(), 0);
    let content = content(&spool);
    assert!(!content.windows(6).any(|window| window == b"canary"));
    // The same row is never the same twice.
    assert_ne!(content[..250], content[266..516]);
}

#[test]
fn a_byte_that_is_another_is_noticed() {
    let (_folder, space) = space(u64::MAX);
    let mut spool = Spool::create(&space).unwrap();
    spool.push(b"one").unwrap();
    spool.push(b"two").unwrap();
    let byte = content(&spool)[20] ^ 1;
    spool.file.write_all_at(&[byte], 20).unwrap();

    assert_eq!(spool.pop().unwrap().unwrap(), "one");
    assert_eq!(spool.pop().unwrap_err().kind(), io::ErrorKind::InvalidData);
}

#[test]
fn sessions_share_what_the_server_has_and_give_it_back() {
    let (_folder, space) = space(1000);
    let mut first = Spool::create(&space).unwrap();
    let mut second = Spool::create(&space).unwrap();
    first.push(&[0; 600]).unwrap();

    assert_eq!(second.push(&[0; 600]), Err(Shortage::Server));
    second.push(&[0; 300]).unwrap();
    drop(first);
    second.push(&[0; 600]).unwrap();
    drop(second);

    assert_eq!(space.used(), 0);
}

#[test]
fn a_disk_is_not_filled_to_its_end() {
    let (folder, _) = space(0);
    let greedy = Space {
        reserve: u64::MAX / 2,
        ..Space::new(folder.path().to_owned(), u64::MAX)
    };
    let space = Arc::new(greedy);
    let mut spool = Spool::create(&space).unwrap();

    assert_eq!(spool.push(b"x"), Err(Shortage::Disk));

    assert_eq!(space.used(), 0);
    assert_eq!(spool.pop().unwrap(), None);
}
