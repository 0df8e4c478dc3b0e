// What people do with cairn through the client that openapi-generator makes for Go, against a real server:
//
//	go run ./openapi_generator http://127.0.0.1:8080
package main

import (
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"os"

	"cairn-client-tests/check"
	"cairn-client-tests/openapi_generator/cairn"
)

const store = "openapi-generator-go"

var ctx = context.Background()

// refused is a call that has to end with a status.
func refused(title string, status int, answer *http.Response, err error) {
	check.That(title, err != nil && answer != nil && answer.StatusCode == status, err)
}

// put sends a file, which is what the client takes for bytes.
func put(client *cairn.APIClient, key, value, ifMatch string) (*cairn.Receipt, *http.Response, error) {
	file := check.Must(os.CreateTemp("", "cairn"))
	defer os.Remove(file.Name())
	defer file.Close()
	check.Must(file.WriteString(value))
	check.Must(file.Seek(0, io.SeekStart))
	request := client.ObjectsAPI.PutObject(ctx, store, key).Body(file)
	if ifMatch != "" {
		request = request.IfMatch(ifMatch)
	}
	return request.Execute()
}

func get(client *cairn.APIClient, key string) string {
	file, _, err := client.ObjectsAPI.GetObject(ctx, store, key).Execute()
	check.Must(file, err)
	defer os.Remove(file.Name())
	return string(check.Must(os.ReadFile(file.Name())))
}

func stores(client *cairn.APIClient) {
	made, _, err := client.StoresAPI.CreateStore(ctx, store).Execute()
	check.That("createStore", err == nil && made.Created, err)
	list, _, err := client.StoresAPI.ListStores(ctx).Execute()
	check.That("listStores", err == nil && len(list.Stores) > 0, err)
	figures, _, err := client.StoresAPI.GetStore(ctx, store).Execute()
	check.That("getStore", err == nil && !figures.Verification.IsSet() || figures.Verification.Get() == nil, err)
	_, answer, err := client.StoresAPI.GetStore(ctx, "absent").Execute()
	refused("getStore of none", 404, answer, err)
}

func roundTrip(client *cairn.APIClient, key string) {
	value := "value of " + key
	made, _, err := put(client, key, value, "")
	check.That("putObject "+key, err == nil && made.GetKey() == key && made.Created, err)
	check.That("getObject "+key, get(client, key) == value, key)
	gone, _, err := client.ObjectsAPI.DeleteObject(ctx, store, key).Execute()
	check.That("deleteObject "+key, err == nil && gone.Etag.Get() == nil, err)
	_, answer, err := client.ObjectsAPI.GetObject(ctx, store, key).Execute()
	refused(key+" is gone", 404, answer, err)
}

func conditions(client *cairn.APIClient) {
	first, _, err := put(client, "swapped", "1", "")
	check.Must(first, err)
	_, answer, err := put(client, "swapped", "2", first.Etag)
	check.That("If-Match swaps", err == nil && answer.StatusCode == 200, err)
	_, answer, err = put(client, "swapped", "3", first.Etag)
	refused("If-Match swaps once", 412, answer, err)
	check.That("what was refused has changed nothing", get(client, "swapped") == "2", nil)
}

func listing(client *cairn.APIClient) {
	for _, key := range []string{"page/1", "page/2"} {
		put(client, key, "x", "")
	}
	first, _, err := client.ObjectsAPI.ListObjects(ctx, store).Prefix("page/").Limit(1).Execute()
	check.That("listObjects", err == nil && len(first.Objects) == 1 && first.GetCursor() != "", err)
	next, _, err := client.ObjectsAPI.ListObjects(ctx, store).Prefix("page/").Cursor(first.GetCursor()).Execute()
	check.That("listObjects, next page", err == nil && next.Objects[0].GetKey() == "page/2" && next.GetCursor() == "", err)
}

func batches(client *cairn.APIClient) {
	text := check.Pointer[string]
	data := base64.StdEncoding.EncodeToString([]byte("A"))
	batch := cairn.Batch{Operations: []cairn.BatchOperation{
		{Op: "put", Key: text("a"), Data: &data, ContentType: text("text/plain")},
		{Op: "rename", Key: text("a"), To: text("b")},
		{Op: "copy", Key: text("b"), To: text("c")},
		{Op: "delete", Key: text("b")},
	}}
	done, _, err := client.ManyObjectsAPI.ApplyBatch(ctx, store).Batch(batch).Execute()
	check.That("applyBatch", err == nil && len(done.Results) == 4, err)
	asked := cairn.BatchGet{Keys: []string{"c", "b"}}
	found, _, err := client.ManyObjectsAPI.GetObjects(ctx, store).BatchGet(asked).Execute()
	check.That("getObjects", err == nil && found.Objects[0].Data == data && found.Objects[1] == nil, err)
	empty := cairn.Batch{Operations: []cairn.BatchOperation{{Op: "put", Key: text("e"), Data: text("")}}}
	_, answer, err := client.ManyObjectsAPI.ApplyBatch(ctx, store).Batch(empty).Execute()
	refused("applyBatch refused", 422, answer, err)
}

func movesAndCopies(client *cairn.APIClient) {
	put(client, "travelling", "x", "")
	command := cairn.Transfer{Key: check.Pointer("travelling"), Destination: cairn.Destination{Key: check.Pointer("copied")}}
	copied, _, err := client.ManyObjectsAPI.CopyObject(ctx, store).Transfer(command).Execute()
	check.That("copyObject", err == nil && copied.Created, err)
	command.Destination.Key = check.Pointer("moved")
	moved, _, err := client.ManyObjectsAPI.MoveObject(ctx, store).Transfer(command).Execute()
	check.That("moveObject", err == nil && moved.GetKey() == "moved", err)
	_, answer, err := client.ManyObjectsAPI.MoveObject(ctx, store).Transfer(command).Execute()
	refused("moveObject of nothing", 404, answer, err)
}

func main() {
	configuration := cairn.NewConfiguration()
	configuration.Servers = cairn.ServerConfigurations{{URL: os.Args[1]}}
	client := cairn.NewAPIClient(configuration)
	stores(client)
	for _, key := range []string{"plain", "a/b c", "ü", "%", "+", "?", "#", "a//b", "/", "%2F"} {
		roundTrip(client, key)
	}
	conditions(client)
	listing(client)
	batches(client)
	movesAndCopies(client)
	answer, err := client.StoresAPI.DeleteStore(ctx, store).Force(true).Execute()
	check.That("deleteStore", err == nil && answer.StatusCode == 204, err)
	check.Done("go openapi-generator")
}
