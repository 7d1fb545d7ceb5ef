import Glibc
import Migration
import Testing

@testable import Plans

@Suite("Expanding for:")
struct Expanding {
  private static let files = ["b/x.py", "a/y.py", "a/sub/z.py", "top.py", "a/readme.md"]

  @Test("files, sorted by bytes whatever order git lists them in")
  func files() throws {
    let text = plan(
      """
      steps:
        - { for: { files: "**/*.py" }, id: "{{match.dir}}-{{match.stem}}", title: "{{match.path}}" }
      """)
    let steps = try expand(text, FakeSource(files: Self.files)).steps
    #expect(steps.map(\.id) == ["a-sub-z", "a-y", "b-x", "top"])
    #expect(steps.map(\.title) == ["a/sub/z.py", "a/y.py", "b/x.py", "top.py"])
    #expect(
      steps.last?.match == ["path": "top.py", "dir": ".", "name": "top.py", "stem": "top", "index": "4"])
  }

  @Test("directories that hold tracked files, at any depth")
  func dirs() throws {
    let text = plan(
      "steps: [{ for: { dirs: \"**/\" }, id: \"d-{{match.path}}\", paths: \"{{match.path}}/**\" }]")
    let steps = try expand(text, FakeSource(files: Self.files)).steps
    #expect(steps.map(\.id) == ["d-a", "d-a-sub", "d-b"])
    #expect(steps.map(\.paths) == [["a/**"], ["a/sub/**"], ["b/**"]])
    #expect(steps[1].match["dir"] == "a")
  }

  @Test("lines of a command, without the blank ones")
  func lines() throws {
    let text = plan("steps: [{ for: { lines: \"make list\" }, id: \"{{match.index}}-{{match.line}}\" }]")
    let parsed = try parse(text)
    #expect(parsed.needsExpansion)
    #expect(parsed.expansionCommands == ["make list"])
    let steps = try parsed.expand(
      using: FakeSource(printed: ["make list": ["one two", "", "  ", "three\r"]])
    ).steps
    #expect(steps.map(\.id) == ["1-one-two", "2-three"])
    #expect(steps.map { $0.match["line"] } == ["one two", "three"])
  }

  @Test("needs name steps of a for: by id or by glob, each once and never itself")
  func needs() throws {
    let text = plan(
      """
      steps:
        - { for: { files: "*/*.py" }, id: "pkg-{{match.dir}}", lock: "l-{{match.dir}}" }
        - { for: { files: "*/*.py" }, id: "doc-{{match.dir}}", needs: ["pkg-{{match.dir}}"] }
        - { id: pkg-all, needs: [pkg-a, "pkg-*"] }
      """)
    let steps = try expand(text, FakeSource(files: Self.files)).steps
    #expect(steps.map(\.needs) == [[], [], ["pkg-a"], ["pkg-b"], ["pkg-a", "pkg-b"]])
    #expect(steps.first?.lock == "l-a")
  }

  @Test("ids that slugging made equal end in a digest that depends on nothing but the match")
  func collisions() throws {
    let text = plan("steps: [{ for: { dirs: \"**\" }, id: \"d-{{match.path}}\" }, { id: D-x }]")
    let one = try expand(text, FakeSource(files: ["a/b/f", "a-b/f", "q/f"])).steps.map(\.id)
    #expect(one == ["d-a", "d-a-b-\(Slug.digest("d-a-b"))", "d-a-b-\(Slug.digest("d-a/b"))", "d-q", "D-x"])
    // A plain step keeps its id; the other gives way. Ids that differ in case only count as equal.
    let two = try expand(text, FakeSource(files: ["x/f", "y/f", "Y/f"])).steps.map(\.id)
    #expect(
      two == [
        "d-Y-\(Slug.digest("d-Y"))", "d-x-\(Slug.digest("d-x"))", "d-y-\(Slug.digest("d-y"))", "D-x",
      ])
    #expect(Slug.digest("d-a/b") == "45e532d069")
  }

  @Test(
    "every file name gives a legal id",
    arguments: [
      "a", "été/ö.py", "...", "-x", "a..b", "x.lock", ".lock", "con", "CON.txt", "日本", "a b\nc", "__init__",
      "$(id)",
      String(repeating: "very-long/", count: 30), "e\u{301}", "a/.", "\u{202E}x",
    ])
  func anyName(path: String) throws {
    for id in [
      "{{match.path}}", "pkg-{{match.path}}", "{{match.path}}.x", "{{match.path}}.lock", "nul{{match.path}}",
    ] {
      let text = plan("steps: [{ for: { lines: l }, id: \"\(id.replacing("path", with: "line"))\" }]")
      if id.hasSuffix(".lock") { continue }
      let steps = try expand(text, FakeSource(printed: ["l": [path]])).steps
      #expect(Identifier.stepFault(try #require(steps.first).id) == nil)
    }
  }

  @Test(
    "file names mean nothing in a shell, in a title or in a glob",
    arguments: [
      "a b", "a'b", "a\"b", "$(touch pwned)", "`touch pwned`", "; touch pwned", "-rf", "a\nb", "*", "[a]",
      "\\", "''",
      "{{x}}", "!!", "~", "&", "#x", "a\\", "ü", "{a,b}",
    ])
  func inert(name: String) throws {
    let text = plan(
      """
      steps:
        - for: { files: "**" }
          id: "s-{{match.index}}"
          title: "Do {{match.path}}"
          paths: ["{{match.path}}"]
          run: printf '%s|' {{match.path}} {{match.name}}x pre/{{match.stem}} # done
      """)
    let step = try #require(try expand(text, FakeSource(files: [name])).steps.first)
    #expect(step.title == "Do " + name.replacing("\n", with: "?"))
    let glob = try #require(step.paths.first.flatMap { PathGlob($0) })
    #expect(glob.matches(name))
    #expect(!glob.matches("other") && !glob.matches("a"))
    let shown = name.hasPrefix("-") ? "./" + name : name
    #expect(output(of: try #require(step.run)) == "\(shown)|\(name)x|pre/\(name)|")
  }

  /// What `/bin/sh` prints for a command.
  private func output(of command: String) -> String? {
    guard let stream = popen(command, "r") else { return nil }
    defer { pclose(stream) }
    var bytes: [UInt8] = []
    while true {
      let byte = getc(stream)
      if byte == EOF { break }
      bytes.append(UInt8(truncatingIfNeeded: byte))
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test(
    "a value may not stand where quoting cannot protect it",
    arguments: [
      "echo \"{{match.path}}\"", "echo '{{match.path}}'", "echo `cat {{match.path}}`",
      "echo \\{{match.path}}",
      "echo ${{match.path}}", "cat <<E\n{{match.path}}\nE", "echo $(( {{match.index}} + 1 ))",
      "echo # {{match.path}}",
      "echo $[ {{match.index}} ]",
    ])
  func unsafe(run: String) throws {
    let block = run.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n")
    let text = plan("steps:\n  - for: { files: \"*\" }\n    id: \"{{match.name}}\"\n    run: |\n\(block)\n")
    let fault = try #require(refusal(text))
    #expect(fault.message.hasSuffix("stands where a quoted value is not safe"))
    #expect(fault.line >= 8)
  }

  @Test(
    "a value may stand next to quotes that are closed",
    arguments: [
      "echo \"a\"{{match.path}}'b'", "echo \"$(cat x)\" {{match.path}}", "echo $(cat {{match.path}})",
      "echo a#{{match.path}}", "echo \"\\\"\" {{match.path}} # it's", "# it's\necho {{match.path}}",
    ])
  func safe(run: String) throws {
    let block = run.split(separator: "\n").map { "      \($0)" }.joined(separator: "\n")
    #expect(
      refusal(plan("steps:\n  - for: { files: \"*\" }\n    id: \"{{match.name}}\"\n    run: |\n\(block)\n"))
        == nil)
  }

  @Test(
    "what cannot be expanded says why",
    arguments: [
      (
        "{ for: { files: \"*.rs\" }, id: \"{{match.name}}\" }",
        "4:25: '*.rs' matched no file", "only files that git tracks count; see 'git ls-files'"
      ),
      (
        "{ for: { dirs: \"z*\" }, id: \"{{match.name}}\" }",
        "4:24: 'z*' matched no directory", "only directories with files that git tracks count"
      ),
      (
        "{ for: { lines: nothing }, id: \"{{match.line}}\" }",
        "4:25: 'nothing' printed no lines", "run it at the top of the repository to see why"
      ),
      (
        "{ for: { lines: broken }, id: \"{{match.line}}\" }",
        "4:25: cannot run 'broken': exit status 1", "run it by hand to see why"
      ),
      (
        "{ for: { lines: twice }, id: \"s-{{match.line}}\" }",
        "4:38: 'x' and 'x' give the same id 's-x'",
        "use a name in the id that tells them apart, such as {{match.path}} or {{match.index}}"
      ),
      (
        "{ for: { files: \"a/*\" }, id: \"s-{{match.dir}}\" }",
        "4:38: 'a/readme.md' and 'a/y.py' give the same id 's-a'",
        "use a name in the id that tells them apart, such as {{match.path}} or {{match.index}}"
      ),
      (
        "{ for: { files: \"*/x.py\" }, id: \"s-{{match.dir}}\", needs: [\"t-{{match.dir}}\"] }",
        "4:68: no step has the id 't-b'", "did you mean 's-b'?"
      ),
      (
        "{ for: { files: \"*/x.py\" }, id: \"s-{{match.dir}}\", needs: [\"s-{{match.dir}}\"] }",
        "4:68: the step 's-b' needs itself", "take it out of 'needs'"
      ),
    ])
  func faults(step: String, expected: String, hint: String) throws {
    let source = FakeSource(files: Self.files, printed: ["nothing": ["", " "], "twice": ["x", "x"]])
    let fault = try #require(expansionFault(plan("steps: [\(step)]"), source))
    #expect(fault.description == "plan.md:" + expected)
    #expect(fault.hint == hint)
  }

  @Test(
    "what no match can mend is found before anything is expanded",
    arguments: [
      ("{ for: { files: \"*\" }, id: s }", "4:36: the id 's' is the same for every match"),
      (
        "{ for: { files: \"*\" }, id: \"a b-{{match.name}}\" }",
        "4:36: the step id 'a b-{{match.name}}' may hold only letters, digits, '.', '_' and '-'"
      ),
      ("{ for: { files: \"*\" }, id: \"{{match.nmae}}\" }", "4:37: unknown name 'match.nmae' in a template"),
      ("{ for: { files: \"*\" }, id: \"{{match.line}}\" }", "4:37: unknown name 'match.line' in a template"),
      (
        "{ for: { files: \"/etc/*\" }, id: \"{{match.name}}\" }",
        "4:25: the path '/etc/*' must not start with '/'"
      ),
      ("{ for: { files: \"a[\" }, id: \"{{match.name}}\" }", "4:25: the glob 'a[' cannot be read"),
      (
        "{ for: { files: \"*\", dirs: \"*\" }, id: x }",
        "4:16: 'for' must have exactly one of files, dirs, lines"
      ),
      ("{ for: {}, id: x }", "4:16: 'for' must have exactly one of files, dirs, lines"),
      ("{ for: { globs: x }, id: x }", "4:18: unknown key 'globs' in 'for'"),
      (
        "{ for: { files: \"*\" }, id: \"{{match.name}}\", run: \"x {{#match.name}}y{{/match.name}}\" }",
        "4:62: a section cannot stand in 'run'"
      ),
    ])
  func early(step: String, expected: String) throws {
    #expect(refusal(plan("steps: [\(step)]"))?.description == "plan.md:" + expected)
  }

  @Test("a circle through steps of a for: is named")
  func circle() {
    let text = plan(
      """
      steps:
        - { id: first, needs: ["pkg-*"] }
        - { for: { files: "*/*.py" }, id: "pkg-{{match.dir}}", needs: [first] }
      """)
    let fault = expansionFault(text, FakeSource(files: Self.files))
    #expect(
      fault?.description == "plan.md:5:11: the needs go in a circle: 'first' needs 'pkg-a' needs 'first'")
  }
}
