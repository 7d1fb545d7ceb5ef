import Testing

/// The scanners themselves: a rule is only as good as what reads the code.
@Suite struct ScannerTests {
  @Test func `comments and texts are no code, interpolations are`() {
    let source = #"""
      let a = "fatalError(\(try! b("}")))" // as!
      /* try! /* nested */ still */ let c = 1
      let d = """
        { "quoted" as! \
        \(e)
        """
      """#
    let code = SwiftCode(source)
    #expect(
      code.lines == [
        #"let a = ""(try! b(""))"# + " ", " let c = 1", #"let d = """#, "", "(e)", "",
      ])
    #expect(code.textLines == [3, 4, 5])
  }

  @Test func `raw texts end at their own hashes`() {
    let code = SwiftCode("let a = #\"a \" \\( {\"#; let b = #\"\\#(c)\"#\n")
    #expect(code.lines == ["let a = \"\"; let b = \"\"(c)", ""])
  }

  @Test func `functions are found with their length`() {
    let source = """
      protocol P {
        func required(a: Int) throws
        var value: Int { get }
      }
      struct S {
        var stored: [Int] = [1]
        init?(_ a: () -> Void = {}) {
          self.init(a)
        }
        func one(
          a: Int
        ) -> Int where A == B
        {
          if let b = a { return b }
          return 0
        }
        var computed: Int {
          1
        }
        subscript(a: Int) -> Int { a }
      }
      """
    let expected = [
      ("value", 3, 1), ("init", 7, 3), ("one", 10, 7), ("computed", 17, 3), ("subscript", 20, 1),
    ]
    #expect(
      FunctionScanner(SwiftCode(source)).functions
        == expected.map { ScannedFunction(name: $0.0, line: $0.1, length: $0.2) })
  }
}
