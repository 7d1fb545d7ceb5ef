import Migration
import Plans
import Testing

@Suite("Templates")
struct Templates {
  private static let values: TemplateValue = .map([
    "a": .map(["b": .text("<x & \"y\">"), "empty": .text("")]),
    "list": .list([.text("one"), .text("two")]),
    "people": .list([.map(["name": .text("Ada")]), .map(["name": .text("Bob")])]),
    "none": .list([]),
    "yes": .flag(true),
    "no": .flag(false),
  ])

  @Test(
    "are written out as the Mustache specification says",
    arguments: [
      ("plain text", "plain text"),
      (
        "{{a.b}}|{{{a.b}}}|{{&a.b}}|{{& a.b }}|{{ a.b }}",
        Array(repeating: "<x & \"y\">", count: 5).joined(separator: "|")
      ),
      ("[{{a.empty}}]", "[]"),
      ("{{yes}} {{no}}", "true false"),
      ("{{#list}}<{{.}}>{{/list}}", "<one><two>"),
      ("{{#people}}{{name}} {{a.empty}}{{/people}}", "Ada Bob "),
      ("{{#none}}x{{/none}}{{^none}}nothing{{/none}}", "nothing"),
      ("{{#yes}}y{{/yes}}{{^yes}}n{{/yes}}{{#no}}y{{/no}}{{^no}}n{{/no}}", "yn"),
      ("{{#a.b}}[{{.}}]{{/a.b}}{{#a.empty}}x{{/a.empty}}{{^a.empty}}y{{/a.empty}}", "[<x & \"y\">]y"),
      ("{{#a}}{{b}}{{/a}}", "<x & \"y\">"),
      ("{{^list}}x{{/list}}{{^a}}x{{/a}}", ""),
      ("12{{! comment {{ inside }}34", "1234"),
      // Standalone lines.
      ("Begin.\n{{! gone }}\nEnd.", "Begin.\nEnd."),
      ("Begin.\r\n{{! gone }}\r\nEnd.", "Begin.\r\nEnd."),
      ("  {{! gone }}\n!", "!"),
      ("!\n  {{! gone }}", "!\n"),
      ("Begin.\n{{!\nmany lines\n}}\nEnd.", "Begin.\nEnd."),
      ("  12 {{! 34 }}\n", "  12 \n"),
      ("| This Is\n{{#yes}}\n|\n{{/yes}}\n| A Line", "| This Is\n|\n| A Line"),
      ("| This Is\n  {{#yes}}  \n|\n  {{/yes}}\n| A Line", "| This Is\n|\n| A Line"),
      ("#{{#yes}}\n/\n  {{/yes}}", "#\n/\n"),
      ("  {{#yes}}\n#{{/yes}}\n/", "#\n/"),
      (" | {{#yes}}\t|\t{{/yes}} | \n", " | \t|\t | \n"),
      ("{{#list}}\n- {{.}}\n{{/list}}\n", "- one\n- two\n"),
      ("{{#yes}}{{/yes}}\nx", "\nx"),
      ("{{#no}}\nx\n{{/no}}\n{{^no}}\ny\n{{/no}}\n", "y\n"),
      ("  {{a.empty}}\n", "  \n"),
      ("ünïcode {{a.empty}} ✓", "ünïcode  ✓"),
      ("{ {a} } {a} }}", "{ {a} } {a} }}"),
    ])
  func specification(template: String, expected: String) throws {
    #expect(try Template(parsing: template).render(Self.values) == expected)
  }

  @Test(
    "that cannot be read say where",
    arguments: [
      ("x\n  {{a", "2:3: the tag is never closed"),
      ("{{{a}}", "1:1: the tag is never closed"),
      ("{{#a}}x", "1:1: the section 'a' is never closed"),
      ("{{/a}}", "1:1: {{/a}} closes no section"),
      ("{{#a}}{{#b}}{{/a}}{{/b}}", "1:13: {{/a}} closes 'b'"),
      ("{{> part}}", "1:1: partials and changes of delimiters are not supported"),
      ("é{{=<% %>=}}", "1:2: partials and changes of delimiters are not supported"),
      ("{{}}", "1:1: '' is not a name"),
      ("{{a..b}}", "1:1: 'a..b' is not a name"),
      ("{{a b}}", "1:1: 'a b' is not a name"),
      ("{{.}}", "1:1: '{{.}}' stands outside a section"),
      ("{{#.}}{{/.}}", "1:1: '{{.}}' stands outside a section"),
      ("{{\u{1B}[2J}}", "1:1: '?[2J' is not a name"),
      (String(repeating: "{{#a}}", count: 33), "1:193: sections are nested deeper than 32 levels"),
    ])
  func faults(template: String, expected: String) throws {
    let fault = #expect(throws: TemplateFault.self) { try Template(parsing: template) }
    #expect(fault?.description == expected)
  }

  @Test(
    "that miss a value say which",
    arguments: [
      ("line\n {{missing}}", "2:2: unknown name 'missing'"),
      ("{{a.missing}}", "1:1: unknown name 'a.missing'"),
      ("{{#missing}}{{/missing}}", "1:1: unknown name 'missing'"),
      ("{{^missing}}{{/missing}}", "1:1: unknown name 'missing'"),
      ("{{list}}", "1:1: 'list' has no text"),
      ("{{#people}}{{.}}{{/people}}", "1:12: '.' has no text"),
    ])
  func missing(template: String, expected: String) throws {
    let parsed = try Template(parsing: template)
    let fault = #expect(throws: TemplateFault.self) { try parsed.render(Self.values) }
    #expect(fault?.description == expected)
  }

  @Test("name what they use, in order")
  func names() throws {
    let template = try Template(parsing: "{{a}} {{#b.c}}{{.}}{{d}}{{/b.c}}\n{{^e}}{{/e}}")
    #expect(template.names.map(\.name) == ["a", "b.c", "d", "e"])
    #expect(template.names.map(\.isSection) == [false, true, false, true])
    #expect(template.names.map(\.line) == [1, 1, 1, 2])
    #expect(template.names.map(\.column) == [1, 7, 20, 1])
  }

  @Test("quote values, not the text around them")
  func quoting() throws {
    let template = try Template(parsing: "'{{a.b}}' {{#list}}{{.}}{{/list}}")
    #expect(try template.render(Self.values) { "[\($0.count)]" } == "'[9]' [3][3]")
  }

  @Test("that multiply stop")
  func bomb() throws {
    let depth = 12
    let text = String(repeating: "{{#l}}", count: depth) + "x" + String(repeating: "{{/l}}", count: depth)
    let list = TemplateValue.map(["l": .list(Array(repeating: .text("i"), count: 10))])
    let template = try Template(parsing: text)
    let fault = #expect(throws: TemplateFault.self) { try template.render(list) }
    #expect(fault?.message == "the template grows past 16777216 bytes")
  }
}

@Suite("Prompts")
struct Prompts {
  @Test("know every name that the runner gives")
  func everyName() throws {
    let step = try #require(
      try expand(
        plan("steps: [{ for: { files: \"**\" }, id: \"s-{{match.index}}\", paths: [a, b] }]"),
        FakeSource(files: ["d/f.x"])
      ).steps.first)
    let values = PromptNames.values(
      migration: "m", step: step, attempt: 2, failures: ["bad", "worse"], base: "abc")
    let body = """
      {{migration.name}} {{step.id}} {{step.title}} {{#step.paths}}{{.}},{{/step.paths}} {{step.run}}
      {{match.path}} {{match.dir}} {{match.name}} {{match.stem}} {{match.index}}
      {{attempt.number}} {{#attempt.is_retry}}again{{/attempt.is_retry}} {{base.commit}} {{braces.open}}x}}
      {{#attempt.failures}}
      - {{.}}
      {{/attempt.failures}}
      """
    _ = try expand(
      plan("steps: [{ for: { files: \"**\" }, id: \"s-{{match.index}}\" }]", body: body),
      FakeSource(files: ["a"]))
    #expect(
      try Template(parsing: body).render(values) == """
        m s-1 s-1 a,b,\u{20}
        d/f.x d f.x f 1
        2 again abc {{x}}
        - bad
        - worse

        """)
  }

  @Test(
    "are checked before any step runs",
    arguments: [
      (
        plan("steps: [{ id: S1 }]", body: "a\n\n {{step.ttile}}"),
        "8:2: unknown name 'step.ttile' in a template",
        "did you mean 'step.title'?"
      ),
      (
        plan("steps: [{ id: S1 }]", body: "{{step.paths}}"), "6:1: 'step.paths' is a list",
        "write {{#step.paths}}{{.}} {{/step.paths}}"
      ),
      (plan("steps: [{ id: S1, prompt: \"do {{x}}\" }]"), "4:31: unknown name 'x' in a template", nil),
      (
        plan("steps:\n  - id: S1\n    prompt: |\n      ok\n      {{x\n"), "8:1: the tag is never closed",
        "close it with '}}', or write {{braces.open}} for two braces"
      ),
      (
        plan("steps: [{ id: S1 }]", body: "{{match.path}}"), "6:1: unknown name 'match.path' in a template",
        nil
      ),
      (
        plan("steps: [{ for: { lines: l }, id: \"a{{match.line}}\", prompt: \"{{match.path}}\" }]"),
        "4:62: unknown name 'match.path' in a template", nil
      ),
    ])
  func checked(text: String, expected: String, hint: String?) throws {
    let fault = try #require(refusal(text))
    #expect(fault.description == "plan.md:" + expected)
    if let hint { #expect(fault.hint == hint) }
  }
}
