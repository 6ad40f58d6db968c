// The judge of cases.txt: renders templates from a JSON list on standard input with Go's own text/template and sprig,
// and writes a list of results to standard output.
package main

import (
	"bytes"
	"crypto/rsa"
	"encoding/json"
	"fmt"
	"math/big"
	"os"
	"text/template"
	"time"

	"github.com/Masterminds/sprig/v3"
)

type result struct {
	Output string `json:"output"`
	Error  string `json:"error"`
}

// data is made anew for each template, since templates can change it. The test in Rust makes the same.
func data(plain []byte) (map[string]interface{}, error) {
	values := map[string]interface{}{}
	if err := json.Unmarshal(plain, &values); err != nil {
		return nil, err
	}
	values["int"] = 7
	values["int64"] = int64(-3)
	values["strings"] = []string{"b", "a", "c"}
	values["bytes"] = []byte{1, 2, 250}
	values["time"] = time.Unix(1700000000, 123456789).UTC()
	values["key"] = &rsa.PublicKey{N: big.NewInt(3233), E: 17}
	return values, nil
}

func render(source string, plain []byte) (out result) {
	defer func() {
		if r := recover(); r != nil {
			out = result{Error: fmt.Sprint("panic: ", r)}
		}
	}()
	values, err := data(plain)
	if err != nil {
		return result{Error: err.Error()}
	}
	parsed, err := template.New("template").Funcs(sprig.TxtFuncMap()).Parse(source)
	if err != nil {
		return result{Error: err.Error()}
	}
	var buffer bytes.Buffer
	if err := parsed.Execute(&buffer, values); err != nil {
		return result{Error: err.Error()}
	}
	return result{Output: buffer.String()}
}

func main() {
	var input struct {
		Data      json.RawMessage `json:"data"`
		Templates []string        `json:"templates"`
	}
	if err := json.NewDecoder(os.Stdin).Decode(&input); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	results := make([]result, 0, len(input.Templates))
	for _, source := range input.Templates {
		results = append(results, render(source, input.Data))
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(results); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
