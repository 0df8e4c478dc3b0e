// Resumes an upload by net/http over connections that break in the middle of a body: resume SERVER
package main

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"os"
	"strconv"

	"cairn-client-tests/check"
)

const size = 9<<20 + 13

var errBroken = errors.New("the line breaks")

// A body that breaks off after so many bytes.
type breaking struct {
	io.Reader
	left int
}

func (b *breaking) Read(buffer []byte) (int, error) {
	if b.left <= 0 {
		return 0, errBroken
	}
	count, err := b.Reader.Read(buffer[:min(len(buffer), b.left)])
	b.left -= count
	return count, err
}

// An answer without its body.
func ask(method, url string, fields map[string]string, body io.Reader, length int64) (*http.Response, error) {
	request, err := http.NewRequest(method, url, body)
	if err != nil {
		return nil, err
	}
	request.ContentLength = length
	request.Header.Set("Tus-Resumable", "1.0.0")
	for name, value := range fields {
		request.Header.Set(name, value)
	}
	answer, err := http.DefaultClient.Do(request)
	if err == nil {
		_ = answer.Body.Close()
	}
	return answer, err
}

func create(store, key string) string {
	answer := check.Must(ask("POST", store+"/uploads", map[string]string{
		"Upload-Length":   strconv.Itoa(size),
		"Upload-Metadata": "key " + base64.StdEncoding.EncodeToString([]byte(key)),
	}, nil, 0))
	check.That("an upload is made", answer.StatusCode == http.StatusCreated, answer)
	return check.Must(answer.Location()).String()
}

func offset(upload string) int {
	answer := check.Must(ask("HEAD", upload, nil, nil, 0))
	return check.Must(strconv.Atoi(answer.Header.Get("Upload-Offset")))
}

// Sends what is missing, or `most` bytes of it and then nothing more.
func send(upload string, data []byte, from, most int) (*http.Response, error) {
	rest := data[from:]
	fields := map[string]string{"Upload-Offset": strconv.Itoa(from), "Content-Type": "application/offset+octet-stream"}
	return ask("PATCH", upload, fields, &breaking{bytes.NewReader(rest), most}, int64(len(rest)))
}

// Goes on where the server says, for at most so many bytes. It may say less than it has got to in the end, as long as it
// has not noticed that the connection before is broken: then it is asked again.
func resume(upload string, data []byte, most int) {
	told := offset(upload)
	answer, err := send(upload, data, told, most)
	if err == nil && answer.StatusCode == http.StatusConflict {
		resume(upload, data, most)
		return
	}
	if most < len(data)-told {
		check.That("the line breaks", errors.Is(err, errBroken), err)
	} else {
		check.That("the rest is taken", err == nil && answer.StatusCode == http.StatusNoContent, answer)
	}
	now := offset(upload)
	check.That("what was told stays told", now >= told && now <= told+most, now)
}

func main() {
	store := os.Args[1] + "/v1/stores/go-uploads"
	check.Must(ask("PUT", store, nil, nil, 0))
	data := make([]byte, size)
	check.Must(rand.Read(data))
	upload := create(store, "resumed")
	for range 20 {
		resume(upload, data, size/24)
	}
	for offset(upload) < size {
		resume(upload, data, size)
	}
	object := check.Must(http.Get(store + "/objects/resumed"))
	stored := check.Must(io.ReadAll(object.Body))
	check.That("the same bytes", bytes.Equal(stored, data), len(stored))
	check.Done("go-uploads")
}
