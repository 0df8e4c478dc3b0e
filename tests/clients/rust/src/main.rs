//! What people do with cairn through the client that progenitor makes, against a real server:
//!
//!     cargo run -- http://127.0.0.1:8080

use base64::{Engine, engine::general_purpose::STANDARD};
use cairn::types::{BatchOperation, BatchOperationOp, KeyText, StoreName};
use cairn::{Client, Error, types};
use futures::TryStreamExt;

mod cairn {
    // cairn.yaml is openapi.yaml without the `default` answers: progenitor takes those for successes, too.
    progenitor::generate_api!(spec = "cairn.yaml", interface = Builder);
}

const STORE: &str = "progenitor";

#[derive(Default)]
struct Tally {
    passed: u32,
    failed: u32,
}

impl Tally {
    fn check(&mut self, title: &str, holds: bool, seen: impl std::fmt::Debug) {
        if holds {
            self.passed += 1;
        } else {
            self.failed += 1;
            println!("FAILED rust: {title}: {seen:?}");
        }
    }

    fn refused<T, E>(&mut self, title: &str, status: u16, answer: Result<T, Error<E>>) {
        let seen = answer.err().and_then(|error| error.status()).map(|code| code.as_u16());
        self.check(title, seen == Some(status), seen);
    }
}

type Anything = Box<dyn std::error::Error>;

fn key(text: &str) -> KeyText {
    text.parse().expect("a key")
}

fn step(op: BatchOperationOp, text: &str) -> BatchOperation {
    let step = BatchOperation::builder().op(op).key(Some(key(text)));
    step.try_into().expect("a step")
}

async fn put(client: &Client, key: &str, value: &str) -> Result<types::Receipt, Anything> {
    let answer = client.put_object().store(STORE).key(key).body(value.to_owned()).send().await?;
    Ok(answer.into_inner())
}

async fn get(client: &Client, key: &str) -> Result<String, Anything> {
    let answer = client.get_object().store(STORE).key(key).send().await?;
    let bytes = answer.into_inner().into_inner().try_collect::<Vec<_>>().await?.concat();
    Ok(String::from_utf8(bytes)?)
}

async fn stores(client: &Client, tally: &mut Tally) -> Result<(), Anything> {
    let made = client.create_store().store(STORE).send().await?;
    tally.check("createStore", made.created, &made);
    let list = client.list_stores().send().await?;
    tally.check("listStores", list.stores.iter().any(|entry| entry.name.as_str() == STORE), &list);
    let figures = client.get_store().store(STORE).send().await?;
    tally.check("getStore", figures.verification.is_none(), &figures);
    tally.refused("getStore of none", 404, client.get_store().store("absent").send().await);
    Ok(())
}

async fn round_trip(client: &Client, tally: &mut Tally, key: &str) -> Result<(), Anything> {
    let value = format!("value of {key}");
    let receipt = put(client, key, &value).await?;
    tally.check(&format!("putObject {key}"), receipt.created, &receipt);
    tally.check(&format!("getObject {key}"), get(client, key).await? == value, key);
    let gone = client.delete_object().store(STORE).key(key).send().await?;
    tally.check(&format!("deleteObject {key}"), gone.etag.is_none(), &gone);
    tally.refused(&format!("{key} is gone"), 404, client.get_object().store(STORE).key(key).send().await);
    Ok(())
}

async fn conditions(client: &Client, tally: &mut Tally) -> Result<(), Anything> {
    let etag = put(client, "swapped", "1").await?.etag;
    let swap = || client.put_object().store(STORE).key("swapped").if_match(etag.as_str()).body("2".to_owned()).send();
    let first = swap().await?;
    tally.check("If-Match swaps", !first.created, &first);
    tally.refused("If-Match swaps once", 412, swap().await);
    Ok(())
}

async fn listing(client: &Client, tally: &mut Tally) -> Result<(), Anything> {
    for key in ["page/1", "page/2"] {
        put(client, key, "x").await?;
    }
    let one = std::num::NonZeroU64::MIN;
    let first = client.list_objects().store(STORE).prefix("page/").limit(one).send().await?.into_inner();
    tally.check("listObjects", first.objects.len() == 1 && first.cursor.is_some(), &first);
    let cursor = first.cursor.unwrap_or_default();
    let next = client.list_objects().store(STORE).prefix("page/").cursor(cursor).send().await?.into_inner();
    tally.check("listObjects, next page", next.objects.len() == 1 && next.cursor.is_none(), &next);
    Ok(())
}

async fn batches(client: &Client, tally: &mut Tally) -> Result<(), Anything> {
    let operations = vec![
        BatchOperation { data: Some(STANDARD.encode("A")), ..step(BatchOperationOp::Put, "a") },
        BatchOperation { to: Some(key("b")), ..step(BatchOperationOp::Rename, "a") },
        BatchOperation { to: Some(key("c")), ..step(BatchOperationOp::Copy, "b") },
        step(BatchOperationOp::Delete, "b"),
    ];
    let batch = types::Batch::builder().operations(operations);
    let done = client.apply_batch().store(STORE).body(batch).send().await?;
    tally.check("applyBatch", done.results.len() == 4, &done);
    let names = types::BatchGet::builder().keys(vec![key("c"), key("b")]);
    let found = client.get_objects().store(STORE).body(names).send().await?.into_inner().objects;
    let data = found[0].as_ref().and_then(|object| object.0.as_ref()).map(|object| object.data.clone());
    tally.check("getObjects", data == Some(STANDARD.encode("A")) && found[1].is_none(), &found);
    let empty = vec![BatchOperation { data: Some(String::new()), ..step(BatchOperationOp::Put, "e") }];
    let refused = client.apply_batch().store(STORE).body(types::Batch::builder().operations(empty)).send().await;
    tally.refused("applyBatch refused", 422, refused);
    Ok(())
}

async fn moves_and_copies(client: &Client, tally: &mut Tally) -> Result<(), Anything> {
    put(client, "travelling", "x").await?;
    let command = |target: &str| {
        let destination = types::Destination::builder().store(STORE.parse::<StoreName>().ok()).key(Some(key(target)));
        types::Transfer::builder().key(Some(key("travelling"))).destination(destination)
    };
    let copied = client.copy_object().store(STORE).body(command("copied")).send().await?;
    tally.check("copyObject", copied.created, &copied);
    let moved = client.move_object().store(STORE).body(command("moved")).send().await?;
    tally.check("moveObject", moved.created, &moved);
    let again = client.move_object().store(STORE).body(command("moved")).send().await;
    tally.refused("moveObject of nothing", 404, again);
    Ok(())
}

async fn all(client: &Client, tally: &mut Tally) -> Result<(), Anything> {
    stores(client, tally).await?;
    for key in ["plain", "a/b c", "ü", "%", "+", "?", "#", "a//b", "/", "%2F"] {
        round_trip(client, tally, key).await?;
    }
    conditions(client, tally).await?;
    listing(client, tally).await?;
    batches(client, tally).await?;
    moves_and_copies(client, tally).await?;
    let gone = client.delete_store().store(STORE).force(true).send().await?;
    tally.check("deleteStore", gone.status().as_u16() == 204, &gone);
    Ok(())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    let mut tally = Tally::default();
    let client = Client::new(&std::env::args().nth(1).expect("the server's address"));
    if let Err(error) = all(&client, &mut tally).await {
        tally.check("it broke off", false, error);
    }
    println!("rust progenitor: {} passed, {} failed", tally.passed, tally.failed);
    std::process::exit((tally.failed > 0).into());
}
