import Testing

@testable import Migration

@Suite("What files import")
struct ImportNamesTests {
  private func names(_ path: String, _ text: String) -> [String] { ImportNames.of(text, path: path) }

  @Test func `each language in its own words, each name once`() {
    #expect(
      names(
        "a.py",
        "import os, sys as s\nfrom client.v1 import Api\n  from client.v1 import B\nx = 1\nimportant = 2\n")
        == ["os", "sys", "client.v1"])
    #expect(
      names(
        "a.ts",
        """
        import React from 'react'
        import "./side"
        export { a } from "./b"
        const c = require('c'), d = await import("d")
        from 'nothing'.split()
        """) == ["react", "./side", "./b", "c", "d", "nothing"])
    #expect(names("A.java", "import a.b.C;\nimport static d.E.f;\n") == ["a.b.C", "d.E.f"])
    #expect(
      names("m.go", "package m\nimport (\n\t\"fmt\"\n\tx \"a/b\"\n)\nvar s = \"no\"\nimport \"c\"\n")
        == ["fmt", "a/b", "c"])
    #expect(
      names(
        "m.rs",
        "use std::io::{self, Read};\npub use a::b;\npub(crate) use d::e;\nextern crate c;\nuser();\n")
        == ["std::io", "a::b", "d::e", "c"])
    #expect(names("a.js", "say('require(\\'x\\')', \"require('x')\"); my.require('y')\n").isEmpty)
    #expect(names("m.c", "#include <stdio.h>\n  #include \"a.h\"\n") == ["stdio.h", "a.h"])
    #expect(
      names("m.swift", "import Foundation\n@testable import Migration\n") == ["Foundation", "Migration"])
    #expect(
      names("m.cs", "using System.Text;\nusing static A.B;\nusing X = C.D;\nusing (var a = b) {}\n") == [
        "System.Text", "A.B", "C.D",
      ])
    #expect(names("m.rb", "require 'json'\nrequire_relative \"a\"\n") == ["json", "a"])
    #expect(names("m.php", "use A\\B\\C;\n") == ["A\\B\\C"])
    #expect(names("README", "import os\n").isEmpty)
    #expect(names("a.txt", "import os\n").isEmpty)
  }
}
