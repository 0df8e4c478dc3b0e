// Package check counts what holds and what does not, for the round trips beside it.
package check

import (
	"fmt"
	"os"
)

var passed, failed int

// That takes note of one statement; `seen` is shown where it does not hold.
func That(title string, holds bool, seen any) {
	if holds {
		passed++
		return
	}
	failed++
	fmt.Printf("FAILED %s: %+v\n", title, seen)
}

// Must ends the run where there is no answer to look at.
func Must[T any](answer T, err error) T {
	if err != nil {
		fmt.Println("FAILED:", err)
		os.Exit(1)
	}
	return answer
}

// As is an answer that has to be one of several: its zero value, and a failure, where it is another.
func As[T any](title string, answer any) T {
	typed, ok := answer.(T)
	That(title, ok, answer)
	return typed
}

// Pointer is for members that may be left out.
func Pointer[T any](value T) *T { return &value }

// Done ends the program with its numbers.
func Done(name string) {
	fmt.Printf("%s: %d passed, %d failed\n", name, passed, failed)
	if failed > 0 {
		os.Exit(1)
	}
	os.Exit(0)
}
