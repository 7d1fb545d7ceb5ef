/// What node 20's test runner printed, with shorter stacks.
enum NodeOutput {
  static let tap = #"""
    TAP version 13
    # Subtest: ok
    ok 1 - ok
      ---
      duration_ms: 1.486308
      ...
    # Subtest: bad thing
    not ok 2 - bad thing
      ---
      duration_ms: 1.540794
      location: '/tmp/fx/node/a.test.js:2:23'
      failureType: 'testCodeFailure'
      error: |-
        Expected values to be strictly equal:
       \#u{20}
        1 !== 2
       \#u{20}
      code: 'ERR_ASSERTION'
      name: 'AssertionError'
      expected: 2
      actual: 1
      operator: 'strictEqual'
      stack: |-
      ...
    # Subtest: skipped
    ok 3 - skipped # SKIP
      ---
      duration_ms: 0.157432
      ...
    # Subtest: todo
    ok 4 - todo # TODO
      ---
      duration_ms: 0.15395
      ...
    # Subtest: parent
        # Subtest: child ok
        ok 1 - child ok
          ---
          duration_ms: 0.195711
          ...
        # Subtest: child bad
        not ok 2 - child bad
          ---
          duration_ms: 0.146605
          location: '/tmp/fx/node/a.test.js:4:73'
          failureType: 'testCodeFailure'
          error: |-
            boom
            second
          code: 'ERR_TEST_FAILURE'
          stack: |-
          ...
        1..2
    not ok 5 - parent
      ---
      duration_ms: 0.845398
      location: '/tmp/fx/node/a.test.js:4:1'
      failureType: 'subtestsFailed'
      error: '1 subtest failed'
      code: 'ERR_TEST_FAILURE'
      ...
    1..5
    # tests 7
    # suites 0
    # pass 2
    # fail 3
    # cancelled 0
    # skipped 1
    # todo 1
    # duration_ms 197.458871
    """#

  static let spec = #"""
    ✔ ok (2.269861ms)
    ✖ bad thing (2.408186ms)
      AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
     \#u{20}
      1 !== 2
     \#u{20}
        generatedMessage: true,
        code: 'ERR_ASSERTION',
        actual: 1,
        expected: 2,
        operator: 'strictEqual'
      }

    ﹣ skipped (0.250365ms) # SKIP
    ✔ todo (0.271595ms) # TODO
    ▶ parent
      ✔ child ok (0.305811ms)
      ✖ child bad (0.225854ms)
        Error: boom
        second

    ✖ parent (1.297665ms)
    ℹ tests 7
    ℹ suites 0
    ℹ pass 2
    ℹ fail 3
    ℹ cancelled 0
    ℹ skipped 1
    ℹ todo 1
    ℹ duration_ms 151.960221

    ✖ failing tests:

    test at a.test.js:2:23
    ✖ bad thing (2.408186ms)
      AssertionError [ERR_ASSERTION]: Expected values to be strictly equal:
     \#u{20}
      1 !== 2
     \#u{20}
        generatedMessage: true,
        code: 'ERR_ASSERTION',
        actual: 1,
        expected: 2,
        operator: 'strictEqual'
      }

    test at a.test.js:4:73
    ✖ child bad (0.225854ms)
      Error: boom
      second
    """#

  static let allSkipped = #"""
    TAP version 13
    # Subtest: x
    ok 1 - x # SKIP
      ---
      duration_ms: 1.524857
      ...
    1..1
    # tests 1
    # suites 0
    # pass 0
    # fail 0
    # cancelled 0
    # skipped 1
    # todo 0
    # duration_ms 137.880117
    """#

  static let nothing = #"""
    TAP version 13
    1..0
    # tests 0
    # suites 0
    # pass 0
    # fail 0
    # cancelled 0
    # skipped 0
    # todo 0
    # duration_ms 4.718637
    """#
}
