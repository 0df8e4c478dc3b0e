// What people do with cairn through the client that ogen makes, against a real server:
//
//	go run ./ogen http://127.0.0.1:8080
package main

import (
	"context"
	"io"
	"os"
	"strings"

	"cairn-client-tests/check"
	"cairn-client-tests/ogen/cairn"

	"github.com/ogen-go/ogen/ogenerrors"
)

const store = "ogen"

var ctx = context.Background()

// The server that is asked is open to all, and looks at no token.
type anyToken struct{}

func (anyToken) Bearer(context.Context, cairn.OperationName) (cairn.Bearer, error) {
	return cairn.Bearer{Token: "any"}, nil
}

func (anyToken) Link(context.Context, cairn.OperationName) (cairn.Link, error) {
	return cairn.Link{}, ogenerrors.ErrSkipClientSecurity
}

func put(client *cairn.Client, key, value string, params cairn.PutObjectParams) cairn.PutObjectRes {
	params.Store, params.Key = store, key
	return check.Must(client.PutObject(ctx, cairn.PutObjectReq{Data: strings.NewReader(value)}, params))
}

func get(client *cairn.Client, key string) string {
	answer := check.Must(client.GetObject(ctx, cairn.GetObjectParams{Store: store, Key: key}))
	bytes := check.As[*cairn.ObjectBytesHeaders]("getObject "+key, answer)
	if bytes == nil {
		return ""
	}
	return string(check.Must(io.ReadAll(bytes.Response)))
}

func stores(client *cairn.Client) {
	made := check.Must(client.CreateStore(ctx, cairn.CreateStoreParams{Store: store}))
	check.As[*cairn.CreateStoreCreated]("createStore", made)
	list := check.As[*cairn.StoreListHeaders]("listStores", check.Must(client.ListStores(ctx, cairn.ListStoresParams{}))).Response
	check.That("listStores", len(list.Stores) > 0, list)
	figures := check.Must(client.GetStore(ctx, cairn.GetStoreParams{Store: store}))
	check.That("getStore", check.As[*cairn.StoreFiguresHeaders]("getStore", figures).Response.Verification.Null, figures)
	absent := check.Must(client.GetStore(ctx, cairn.GetStoreParams{Store: "absent"}))
	check.As[*cairn.NotFoundHeaders]("getStore of none", absent)
}

func roundTrip(client *cairn.Client, key string) {
	value := "value of " + key
	made := check.As[*cairn.CreatedHeaders]("putObject "+key, put(client, key, value, cairn.PutObjectParams{}))
	check.That("the receipt of "+key, string(made.Response.Key.Value) == key, made)
	check.That("the bytes of "+key, get(client, key) == value, key)
	head := check.Must(client.HeadObject(ctx, cairn.HeadObjectParams{Store: store, Key: key}))
	check.That("headObject "+key, check.As[*cairn.ObjectHead]("headObject "+key, head).ETag == made.ETag, head)
	gone := check.Must(client.DeleteObject(ctx, cairn.DeleteObjectParams{Store: store, Key: key}))
	check.That("deleteObject "+key, check.As[*cairn.DeletedHeaders]("deleteObject "+key, gone).Response.Etag.Null, gone)
	absent := check.Must(client.GetObject(ctx, cairn.GetObjectParams{Store: store, Key: key}))
	check.As[*cairn.NotFoundHeaders](key+" is gone", absent)
}

func conditions(client *cairn.Client) {
	first := check.As[*cairn.CreatedHeaders]("putObject", put(client, "swapped", "1", cairn.PutObjectParams{}))
	same := cairn.PutObjectParams{IfMatch: cairn.NewOptString(string(first.ETag))}
	check.As[*cairn.ReplacedHeaders]("If-Match swaps", put(client, "swapped", "2", same))
	check.As[*cairn.PreconditionFailedHeaders]("If-Match swaps once", put(client, "swapped", "3", same))
	check.That("what was refused has changed nothing", get(client, "swapped") == "2", nil)
	current := cairn.GetObjectParams{Store: store, Key: "swapped", IfNoneMatch: cairn.NewOptString("*")}
	check.As[*cairn.NotModified]("If-None-Match", check.Must(client.GetObject(ctx, current)))
}

func listing(client *cairn.Client) {
	for _, key := range []string{"page/1", "page/2"} {
		put(client, key, "x", cairn.PutObjectParams{})
	}
	query := cairn.ListObjectsParams{Store: store, Prefix: cairn.NewOptString("page/"), Limit: cairn.NewOptInt(1)}
	first := check.As[*cairn.ObjectListHeaders]("listObjects", check.Must(client.ListObjects(ctx, query))).Response
	check.That("listObjects", len(first.Objects) == 1 && !first.Cursor.Null, first)
	query.Cursor = cairn.NewOptString(first.Cursor.Value)
	next := check.As[*cairn.ObjectListHeaders]("listObjects", check.Must(client.ListObjects(ctx, query))).Response
	check.That("listObjects, next page", next.Objects[0].Key.Value == "page/2" && next.Cursor.Null, next)
}

func batches(client *cairn.Client) {
	key := func(text string) cairn.OptKeyText { return cairn.NewOptKeyText(cairn.KeyText(text)) }
	batch := cairn.Batch{Operations: []cairn.BatchOperation{
		{Op: cairn.BatchOperationOpPut, Key: key("a"), Data: []byte("A"), ContentType: cairn.NewOptString("text/plain")},
		{Op: cairn.BatchOperationOpRename, Key: key("a"), To: key("b")},
		{Op: cairn.BatchOperationOpCopy, Key: key("b"), To: key("c")},
		{Op: cairn.BatchOperationOpDelete, Key: key("b")},
	}}
	done := check.Must(client.ApplyBatch(ctx, &batch, cairn.ApplyBatchParams{Store: store}))
	check.That("applyBatch", len(check.As[*cairn.BatchResultHeaders]("applyBatch", done).Response.Results) == 4, done)
	asked := cairn.BatchGet{Keys: []cairn.KeyText{"c", "b"}}
	answer := check.Must(client.GetObjects(ctx, &asked, cairn.GetObjectsParams{Store: store}))
	found := check.As[*cairn.BatchGetResultHeaders]("getObjects", answer).Response.Objects
	check.That("getObjects", len(found) == 2 && string(found[0].Value.Data) == "A" && found[1].Null, found)
	empty := cairn.Batch{Operations: []cairn.BatchOperation{{Op: cairn.BatchOperationOpPut, Key: key("e"), Data: []byte{}}}}
	refused := check.Must(client.ApplyBatch(ctx, &empty, cairn.ApplyBatchParams{Store: store}))
	problem := check.As[*cairn.EntryRefusedHeaders]("applyBatch refused", refused).Response
	check.That("applyBatch refused", problem.Index.Value == 0 && problem.Index.Set, problem)
}

func movesAndCopies(client *cairn.Client) {
	put(client, "travelling", "x", cairn.PutObjectParams{})
	command := cairn.Transfer{Key: cairn.NewOptKeyText("travelling"),
		Destination: cairn.Destination{Key: cairn.NewOptKeyText("copied")}}
	copied := check.Must(client.CopyObject(ctx, &command, cairn.CopyObjectParams{Store: store}))
	check.As[*cairn.CreatedHeaders]("copyObject", copied)
	command.Destination.Key = cairn.NewOptKeyText("moved")
	moved := check.Must(client.MoveObject(ctx, &command, cairn.MoveObjectParams{Store: store}))
	check.As[*cairn.CreatedHeaders]("moveObject", moved)
	again := check.Must(client.MoveObject(ctx, &command, cairn.MoveObjectParams{Store: store}))
	check.As[*cairn.NotFoundHeaders]("moveObject of nothing", again)
}

func main() {
	client := check.Must(cairn.NewClient(os.Args[1], anyToken{}))
	stores(client)
	for _, key := range []string{"plain", "a/b c", "ü", "%", "+", "?", "#", "a//b", "/", "%2F"} {
		roundTrip(client, key)
	}
	conditions(client)
	listing(client)
	batches(client)
	movesAndCopies(client)
	gone := check.Must(client.DeleteStore(ctx, cairn.DeleteStoreParams{Store: store, Force: cairn.NewOptBool(true)}))
	check.As[*cairn.DeleteStoreNoContent]("deleteStore", gone)
	check.Done("go ogen")
}
