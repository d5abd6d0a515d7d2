//! What is not shared with somebody does not exist for them: no door tells it from what was never there.

use http::{Method, header};
use protocol::people::Role;
use server::routes::{self, Door};

use super::call_about;
use super::requests::{NOTHING, filled, form_of};
use crate::house::{Answer, House};

/// What is made by these functions, each with an id of its own.
const CREATED: [&str; 4] = [
    "/api/create-folder",
    "/api/create-configuration",
    "/api/create-database",
    "/api/create-user",
];

#[tokio::test]
async fn what_is_not_shared_is_answered_like_what_does_not_exist() {
    let house = House::open().await;
    let administrator = house.sign_in(Role::Administrator).await;
    let mut things = Vec::new();
    for function in CREATED {
        let call = house
            .post(function, &form_of(function, NOTHING))
            .by(&administrator);
        things.push(created(&house.call(call).await));
    }
    let doors = routes::doors(&house.state);
    let about_something = doors.list().iter().filter(|door| takes_an_id(door));

    for door in about_something {
        for role in [Role::User, Role::Auditor] {
            let ask = async |id: &str| {
                let call = call_about(&house, &door.method, &door.path, id);

                seen(house.call(call.by(&house.sign_in(role).await)).await, id)
            };
            let nothing = ask(NOTHING).await;
            for thing in &things {
                assert_eq!(
                    ask(thing).await,
                    nothing,
                    "{} {} as {role:?}",
                    door.method,
                    door.path
                );
            }
        }
    }
}

fn takes_an_id(door: &Door) -> bool {
    let asked = if door.method == Method::POST {
        form_of(&door.path, "ID")
    } else {
        filled(&door.path, "ID")
    };

    asked.contains("ID")
}

/// The id of what was created, from the address the browser is sent to.
fn created(answer: &Answer) -> String {
    assert_eq!(answer.status, 200, "{}", answer.body);
    let location = answer.header(header::LOCATION).unwrap();
    let path = location.split('?').next().unwrap();

    path.rsplit('/').next().unwrap().to_owned()
}

/// All a browser sees but the id it asked about itself and the page's nonce.
fn seen(answer: Answer, id: &str) -> (u16, String) {
    let mut body = answer.body.replace(id, "ID");
    let policy = answer.headers.get(header::CONTENT_SECURITY_POLICY);
    let nonce = policy.and_then(|policy| policy.to_str().ok()?.split("'nonce-").nth(1)?.split('\'').next());
    if let Some(nonce) = nonce {
        body = body.replace(nonce, "NONCE");
    }

    (answer.status.as_u16(), body)
}
