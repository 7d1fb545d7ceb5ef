/// What pytest 9.0.3 printed, byte for byte but for the directory of python.
enum PytestOutput {
  static let failing = #"""
    ============================= test session starts ==============================
    platform linux -- Python 3.11.7, pytest-9.0.3, pluggy-1.6.0
    benchmark: 5.2.3 (defaults: timer=time.perf_counter disable_gc=False min_rounds=5 min_time=0.000005 max_time=1.0 calibration_precision=10 warmup=False warmup_iterations=100000)
    rootdir: /tmp/fx/py
    plugins: hypothesis-6.155.2, benchmark-5.2.3
    collected 5 items

    test_a.py .FFsE                                                          [100%]

    ==================================== ERRORS ====================================
    __________________________ ERROR at setup of test_err __________________________

        @pytest.fixture
    >   def boom(): raise RuntimeError("fixture")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    E   RuntimeError: fixture

    test_a.py:10: RuntimeError
    =================================== FAILURES ===================================
    _________________________________ test_bad[1] __________________________________

    n = 1

        @pytest.mark.parametrize("n",[1,2])
        def test_bad(n):
            print("===== 5 passed in 0.01s =====")
    >       assert n == 3, "n is wrong"
    E       AssertionError: n is wrong
    E       assert 1 == 3

    test_a.py:6: AssertionError
    ----------------------------- Captured stdout call -----------------------------
    ===== 5 passed in 0.01s =====
    _________________________________ test_bad[2] __________________________________

    n = 2

        @pytest.mark.parametrize("n",[1,2])
        def test_bad(n):
            print("===== 5 passed in 0.01s =====")
    >       assert n == 3, "n is wrong"
    E       AssertionError: n is wrong
    E       assert 2 == 3

    test_a.py:6: AssertionError
    ----------------------------- Captured stdout call -----------------------------
    ===== 5 passed in 0.01s =====
    =========================== short test summary info ============================
    FAILED test_a.py::test_bad[1] - AssertionError: n is wrong
    FAILED test_a.py::test_bad[2] - AssertionError: n is wrong
    ERROR test_a.py::test_err - RuntimeError: fixture
    =============== 2 failed, 1 passed, 1 skipped, 1 error in 1.36s ================
    """#

  static let quiet = #"""
    .FFsE                                                                    [100%]
    ==================================== ERRORS ====================================
    __________________________ ERROR at setup of test_err __________________________

        @pytest.fixture
    >   def boom(): raise RuntimeError("fixture")
                    ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    E   RuntimeError: fixture

    test_a.py:10: RuntimeError
    =================================== FAILURES ===================================
    _________________________________ test_bad[1] __________________________________

    n = 1

        @pytest.mark.parametrize("n",[1,2])
        def test_bad(n):
            print("===== 5 passed in 0.01s =====")
    >       assert n == 3, "n is wrong"
    E       AssertionError: n is wrong
    E       assert 1 == 3

    test_a.py:6: AssertionError
    ----------------------------- Captured stdout call -----------------------------
    ===== 5 passed in 0.01s =====
    _________________________________ test_bad[2] __________________________________

    n = 2

        @pytest.mark.parametrize("n",[1,2])
        def test_bad(n):
            print("===== 5 passed in 0.01s =====")
    >       assert n == 3, "n is wrong"
    E       AssertionError: n is wrong
    E       assert 2 == 3

    test_a.py:6: AssertionError
    ----------------------------- Captured stdout call -----------------------------
    ===== 5 passed in 0.01s =====
    =========================== short test summary info ============================
    FAILED test_a.py::test_bad[1] - AssertionError: n is wrong
    FAILED test_a.py::test_bad[2] - AssertionError: n is wrong
    ERROR test_a.py::test_err - RuntimeError: fixture
    2 failed, 1 passed, 1 skipped, 1 error in 1.20s
    """#

  static let onePassing = #"""
    .                                                                        [100%]
    1 passed, 4 deselected in 1.85s
    """#

  static let allSkippedInColour = #"""
    \#u{1B}[1m============================= test session starts ==============================\#u{1B}[0m
    platform linux -- Python 3.11.7, pytest-9.0.3, pluggy-1.6.0
    benchmark: 5.2.3 (defaults: timer=time.perf_counter disable_gc=False min_rounds=5 min_time=0.000005 max_time=1.0 calibration_precision=10 warmup=False warmup_iterations=100000)
    rootdir: /tmp/fx/py
    plugins: hypothesis-6.155.2, benchmark-5.2.3
    collected 5 items / 4 deselected / 1 selected

    test_a.py \#u{1B}[33ms\#u{1B}[0m\#u{1B}[33m                                                              [100%]\#u{1B}[0m

    \#u{1B}[33m======================= \#u{1B}[33m\#u{1B}[1m1 skipped\#u{1B}[0m, \#u{1B}[33m\#u{1B}[1m4 deselected\#u{1B}[0m\#u{1B}[33m in 1.83s\#u{1B}[0m\#u{1B}[33m =======================\#u{1B}[0m
    """#

  static let nothingSelected = #"""
    ============================= test session starts ==============================
    platform linux -- Python 3.11.7, pytest-9.0.3, pluggy-1.6.0
    benchmark: 5.2.3 (defaults: timer=time.perf_counter disable_gc=False min_rounds=5 min_time=0.000005 max_time=1.0 calibration_precision=10 warmup=False warmup_iterations=100000)
    rootdir: /tmp/fx/py
    plugins: hypothesis-6.155.2, benchmark-5.2.3
    collected 5 items / 5 deselected / 0 selected

    ============================ 5 deselected in 0.89s =============================
    """#

  static let brokenModules = #"""
    ============================= test session starts ==============================
    platform linux -- Python 3.11.7, pytest-9.0.3, pluggy-1.6.0
    benchmark: 5.2.3 (defaults: timer=time.perf_counter disable_gc=False min_rounds=5 min_time=0.000005 max_time=1.0 calibration_precision=10 warmup=False warmup_iterations=100000)
    rootdir: /tmp/fx/py
    plugins: hypothesis-6.155.2, benchmark-5.2.3
    collected 0 items / 2 errors

    ==================================== ERRORS ====================================
    _______________________ ERROR collecting bad/test_imp.py _______________________
    ImportError while importing test module '/tmp/fx/py/bad/test_imp.py'.
    Hint: make sure your test modules/packages have valid Python names.
    Traceback:
    /python/lib/python3.11/importlib/__init__.py:126: in import_module
        return _bootstrap._gcd_import(name[level:], package, level)
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    bad/test_imp.py:1: in <module>
        import nothere
    E   ModuleNotFoundError: No module named 'nothere'
    _______________________ ERROR collecting bad/test_syn.py _______________________
    /python/lib/python3.11/site-packages/_pytest/python.py:507: in importtestmodule
        mod = import_path(
    /python/lib/python3.11/site-packages/_pytest/pathlib.py:587: in import_path
        importlib.import_module(module_name)
    /python/lib/python3.11/importlib/__init__.py:126: in import_module
        return _bootstrap._gcd_import(name[level:], package, level)
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    <frozen importlib._bootstrap>:1204: in _gcd_import
        ???
    <frozen importlib._bootstrap>:1176: in _find_and_load
        ???
    <frozen importlib._bootstrap>:1147: in _find_and_load_unlocked
        ???
    <frozen importlib._bootstrap>:690: in _load_unlocked
        ???
    /python/lib/python3.11/site-packages/_pytest/assertion/rewrite.py:188: in exec_module
        source_stat, co = _rewrite_test(fn, self.config)
                          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    /python/lib/python3.11/site-packages/_pytest/assertion/rewrite.py:357: in _rewrite_test
        tree = ast.parse(source, filename=strfn)
               ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    /python/lib/python3.11/ast.py:50: in parse
        return compile(source, filename, mode, flags,
    E     File "/tmp/fx/py/bad/test_syn.py", line 1
    E       def f(:
    E             ^
    E   SyntaxError: invalid syntax
    =========================== short test summary info ============================
    ERROR bad/test_imp.py
    ERROR bad/test_syn.py
    !!!!!!!!!!!!!!!!!!! Interrupted: 2 errors during collection !!!!!!!!!!!!!!!!!!!!
    ============================== 2 errors in 1.51s ===============================
    """#
}
