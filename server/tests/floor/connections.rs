//! Connections: how long they may be held open, how many are served, and what becomes of them at the end.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use server::peer::Peer;
use server::serve::connections::{Limits, serve};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

const SHORT: Duration = Duration::from_millis(50);
const LONG: Duration = Duration::from_secs(3600);

/// A server until it is dropped or stopped.
struct Served {
    address: SocketAddr,
    stop: CancellationToken,
    serving: JoinSet<()>,
}

async fn served(router: Router, head: Duration, connections: usize) -> Served {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (address, stop) = (listener.local_addr().unwrap(), CancellationToken::new());
    let limits = Limits {
        head,
        connections,
        farewell: LONG,
    };
    let mut serving = JoinSet::new();
    serving.spawn(serve(
        listener,
        None,
        router,
        limits,
        stop.clone().cancelled_owned(),
    ));

    Served {
        address,
        stop,
        serving,
    }
}

fn answering(text: &'static str) -> Router {
    Router::new().fallback(move || async move { text })
}

/// Everything that comes until the connection is closed.
async fn sent(address: SocketAddr, request: &str) -> String {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    // A connection that is cut off has said what it had to say.
    let _ = stream.read_to_end(&mut answer).await;

    String::from_utf8(answer).unwrap()
}

#[tokio::test]
async fn a_head_that_does_not_arrive_ends_its_connection() {
    let served = served(answering("here"), SHORT, 8).await;

    for held_open in ["", "GET / HTTP/1.1\r\n", "GET / HTTP/1.1\r\nHost: a\r\nX-Slow: "] {
        let answer = sent(served.address, held_open).await;

        assert!(!answer.contains("here"), "{held_open:?}: {answer}");
    }
}

#[tokio::test]
async fn a_connection_that_rests_after_an_answer_is_ended_too() {
    let served = served(answering("here"), SHORT, 8).await;

    let answer = sent(served.address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await;

    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    assert!(answer.ends_with("here"), "{answer}");
}

#[tokio::test]
async fn who_holds_every_place_gives_one_up_to_who_asks() {
    let served = served(answering("here"), SHORT, 2).await;
    let mut holding = Vec::new();
    for _ in 0..4 {
        let mut stream = TcpStream::connect(served.address).await.unwrap();
        stream.write_all(b"GET / HT").await.unwrap();
        holding.push(stream);
    }

    let answer = sent(
        served.address,
        "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    )
    .await;

    assert!(answer.ends_with("here"), "{answer}");
}

#[tokio::test]
async fn no_more_are_served_at_once_than_there_is_room_for() {
    let (present, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let counting = {
        let most = Arc::clone(&most);

        Router::new().fallback(move || {
            let (present, most) = (Arc::clone(&present), Arc::clone(&most));

            async move {
                most.fetch_max(present.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                present.fetch_sub(1, Ordering::SeqCst);
            }
        })
    };
    let served = served(counting, LONG, 3).await;

    let mut asking = JoinSet::new();
    for _ in 0..30 {
        let address = served.address;
        asking.spawn(
            async move { sent(address, "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n").await },
        );
    }
    for answer in asking.join_all().await {
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    assert_eq!(most.load(Ordering::SeqCst), 3);
}

#[tokio::test]
async fn a_request_says_who_it_comes_from() {
    let telling = Router::new().fallback(|request: Request| async move {
        let peer = request.extensions().get::<Peer>().unwrap();

        peer.0.to_string()
    });
    let served = served(telling, LONG, 8).await;

    let answer = sent(
        served.address,
        "GET / HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 192.0.2.1\r\nConnection: close\r\n\r\n",
    )
    .await;

    assert!(answer.ends_with("127.0.0.1"), "{answer}");
}

#[tokio::test]
async fn at_the_end_a_request_is_answered_and_a_connection_that_rests_is_not_waited_for() {
    let (arrived, mut has_arrived) = tokio::sync::mpsc::channel(1);
    let go_on = CancellationToken::new();
    let waiting = {
        let go_on = go_on.clone();

        Router::new().fallback(move || {
            let (arrived, go_on) = (arrived.clone(), go_on.clone());

            async move {
                arrived.send(()).await.unwrap();
                go_on.cancelled().await;

                "answered"
            }
        })
    };
    let mut served = served(waiting, LONG, 8).await;
    let _resting = TcpStream::connect(served.address).await.unwrap();
    let mut asking = JoinSet::new();
    let address = served.address;
    asking.spawn(async move { sent(address, "GET / HTTP/1.1\r\nHost: a\r\n\r\n").await });
    has_arrived.recv().await.unwrap();

    served.stop.cancel();
    go_on.cancel();
    let answers = asking.join_all().await;
    served.serving.join_next().await.unwrap().unwrap();

    assert!(answers[0].ends_with("answered"), "{}", answers[0]);
    assert!(TcpStream::connect(address).await.is_err());
}
