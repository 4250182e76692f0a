// Command pulumi-codegen writes the SDK of a package, as the vendor's language hosts do when the engine asks
// them to generate one: pulumi-codegen LANGUAGE FOLDER LOADER local|published, with the schema on stdin.
// LOADER is the address of the engine's server of other packages' schemas.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"

	golang "github.com/pulumi/pulumi/pkg/v3/codegen/go"
	"github.com/pulumi/pulumi/pkg/v3/codegen/nodejs"
	"github.com/pulumi/pulumi/pkg/v3/codegen/python"
	"github.com/pulumi/pulumi/pkg/v3/codegen/schema"
)

const tool = "pulumi"

func main() {
	if len(os.Args) != 5 {
		fmt.Fprintln(os.Stderr, "usage: pulumi-codegen LANGUAGE FOLDER LOADER local|published < schema.json")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2], os.Args[3], os.Args[4] == "local"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(language, folder, address string, local bool) error {
	text, err := io.ReadAll(os.Stdin)
	if err != nil {
		return err
	}
	var spec schema.PackageSpec
	if err := json.Unmarshal(text, &spec); err != nil {
		return err
	}
	client, err := schema.NewLoaderClient(address)
	if err != nil {
		return err
	}
	loader := schema.NewCachedLoader(client)
	pkg, found, err := schema.BindSpec(spec, loader, schema.ValidationOptions{})
	if err != nil {
		return err
	}
	if found.HasErrors() {
		return found
	}
	files, err := generate(language, pkg, local, loader)
	if err != nil {
		return err
	}
	return write(folder, files)
}

func generate(
	language string, pkg *schema.Package, local bool, loader schema.ReferenceLoader,
) (map[string][]byte, error) {
	switch language {
	case "python":
		return python.GeneratePackage(tool, pkg, nil, loader)
	case "nodejs":
		return nodejs.GeneratePackage(tool, pkg, nil, nil, local, loader)
	case "go":
		return golang.GeneratePackage(tool, pkg, nil)
	}
	return nil, fmt.Errorf("there is no generator for %s", language)
}

func write(folder string, files map[string][]byte) error {
	for name, body := range files {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			return err
		}
		if err := os.WriteFile(path, body, 0o600); err != nil {
			return err
		}
	}
	return nil
}
