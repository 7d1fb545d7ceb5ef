/// What python 3.11's unittest printed.
enum UnittestOutput {
  static let failing = #"""
    sFE.s
    ======================================================================
    ERROR: test_err (test_u.T.test_err)
    ----------------------------------------------------------------------
    Traceback (most recent call last):
      File "/tmp/fx/py/test_u.py", line 7, in test_err
        def test_err(self): raise KeyError("x")
                            ^^^^^^^^^^^^^^^^^^^
    KeyError: 'x'

    ======================================================================
    FAIL: test_bad (test_u.T.test_bad)
    ----------------------------------------------------------------------
    Traceback (most recent call last):
      File "/tmp/fx/py/test_u.py", line 4, in test_bad
        def test_bad(self): self.assertEqual(1,2)
                            ^^^^^^^^^^^^^^^^^^^^^
    AssertionError: 1 != 2

    ----------------------------------------------------------------------
    Ran 5 tests in 0.001s

    FAILED (failures=1, errors=1, skipped=2)
    """#

  static let allSkipped = #"""
    s
    ----------------------------------------------------------------------
    Ran 1 test in 0.000s

    OK (skipped=1)
    """#

  static let nothing = #"""

    ----------------------------------------------------------------------
    Ran 0 tests in 0.000s

    OK
    """#

  static let verbose = #"""
    test_skip (test_u.E.test_skip) ... skipped 'no'
    test_bad (test_u.T.test_bad) ... FAIL
    test_err (test_u.T.test_err) ... ERROR
    test_ok (test_u.T.test_ok) ... ok
    test_skip (test_u.T.test_skip) ... skipped 'no'

    ======================================================================
    ERROR: test_err (test_u.T.test_err)
    ----------------------------------------------------------------------
    Traceback (most recent call last):
      File "/tmp/fx/py/test_u.py", line 7, in test_err
        def test_err(self): raise KeyError("x")
                            ^^^^^^^^^^^^^^^^^^^
    KeyError: 'x'

    ======================================================================
    FAIL: test_bad (test_u.T.test_bad)
    ----------------------------------------------------------------------
    Traceback (most recent call last):
      File "/tmp/fx/py/test_u.py", line 4, in test_bad
        def test_bad(self): self.assertEqual(1,2)
                            ^^^^^^^^^^^^^^^^^^^^^
    AssertionError: 1 != 2

    ----------------------------------------------------------------------
    Ran 5 tests in 0.001s

    FAILED (failures=1, errors=1, skipped=2)
    """#
}
