"""Which bodies of real C are made async: packages of Debian, the files of a program in them, and what to run.

Chosen to be of many kinds and many hands: compressors, parsers, interpreters, compilers, number crunching, K&R-like and
modern C, one file of a hundred thousand lines and many small ones.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Body:
    """A program made of a Debian source package. `files` are patterns below the source folder, `main` a program of ours that
    drives a library; `inputs` are written into the folder it runs in; every command's output, status and files count."""

    name: str
    package: str
    files: tuple[str, ...]
    commands: tuple[str, ...]
    flags: tuple[str, ...] = ()
    main: str = ""
    without: tuple[str, ...] = ()
    prepare: str = ""  # shell commands in a copy of the sources
    inputs: dict[str, str] = field(default_factory=dict)
    compiler: str = ""  # the only one that takes the same branches of its #if as clang, where it asks for versions
    libraries: tuple[str, ...] = ()
    statements: float = 1.0  # the share of statements with a suspension: large programs take long


TEXT = "\n".join(f"line {i}: {'abcde' * (i % 7)} {i * i % 97}" for i in range(400)) + "\n"
C_TEXT = (HERE / "drive.c").read_text() * 4
AWK_PROGRAM = """
function fib(n) { return n < 2 ? n : fib(n - 1) + fib(n - 2) }
{ count[NF]++; sum += length($0); gsub(/e/, "E"); if (NR % 50 == 0) print NR, $0 }
END { print fib(12), sum; for (i = 0; i < 5; i++) print i, count[i] + 0; printf "%5.2f|%-8s|%x\\n", 3.14159, "left", 255
      print substr("hello world", 3, 5), index("abc", "c"), toupper("mixed Case"), split("a:b:c", parts, ":"), parts[2]
      print match("foobar", /o+/), RSTART, RLENGTH; s = "aaa"; print sub(/a/, "b", s), s; print 7 % 3, 2 ^ 10, -5 % 3 }
"""
BODIES = (
    Body(
        "bzip2", "bzip2",
        ("blocksort.c", "bzip2.c", "compress.c", "crctable.c", "decompress.c", "huffman.c", "randtable.c", "bzlib.c"),
        ("./P -k in.txt", "./P -c -1 in.c > out.bz2", "./P -dc out.bz2", "./P -tv in.txt.bz2", "./P -dc in.txt", "./P --help"),
        flags=("-D_FILE_OFFSET_BITS=64",), inputs={"in.txt": TEXT, "in.c": C_TEXT},
    ),
    Body(
        "figlet", "figlet", ("figlet.c", "zipio.c", "crc.c", "inflate.c", "utf8.c"),
        ("./P -d src/fonts Hello world", "./P -d src/fonts -f slant -c -w 60 'async await'", "./P -d src/fonts -r -k < in.txt", "./P -I 1"),
        flags=('-DDEFAULTFONTDIR="src/fonts"', '-DDEFAULTFONTFILE="standard.flf"'), inputs={"in.txt": "some text\nmore\n"},
    ),
    Body("cjson", "cjson", ("cJSON.c", "test.c"), ("./P",)),
    Body("cjson_utils", "cjson", ("cJSON.c", "cJSON_Utils.c"), ("./P",), main="cjson_main.c"),
    Body(
        "libtommath", "libtommath", ("bn_*.c",), ("./P",), main="tommath_main.c", flags=("-DMP_NO_FILE",), statements=0.3,
    ),
    Body(
        "minigzip", "zlib",
        ("adler32.c", "crc32.c", "deflate.c", "inf*.c", "inftrees.c", "trees.c", "zutil.c", "compress.c", "uncompr.c",
         "gz*.c", "test/minigzip.c"),
        ("./P -c in.txt > out.gz", "./P -d -c < out.gz", "./P -9 -c in.c > nine.gz", "./P -d < nine.gz", "./P -h < in.c > h.gz",
         "./P -f -c in.c > f.gz", "./P -d < f.gz", "./P -R -c in.txt > r.gz", "./P -d < r.gz", "./P -0 < in.txt > s.gz"),
        without=("inffast_chunk.c", "infback.c"), flags=("-DHAVE_UNISTD_H", "-DHAVE_STDARG_H", "-I."),
        inputs={"in.txt": TEXT, "in.c": C_TEXT},
    ),
    Body(
        "zlib_example", "zlib",
        ("adler32.c", "crc32.c", "deflate.c", "inf*.c", "trees.c", "zutil.c", "compress.c", "uncompr.c", "gz*.c", "test/example.c"),
        ("./P",), without=("inffast_chunk.c",), flags=("-DHAVE_UNISTD_H", "-DHAVE_STDARG_H", "-I."),
    ),
    Body(
        "mawk", "mawk", ("*.c",), ("./P -f prog.awk in.txt", "./P 'BEGIN { while (i++ < 10) print i, i * i }'", "./P -W version"),
        without=("fpe_check.c", "trace.c", "makescan.c", "makebits.c", "regexp_system.c", "rexp.c", "rexp0.c", "rexp1.c", "rexp2.c",
                 "rexp3.c", "rexp4.c", "rexpdb.c"),
        prepare="touch parse.c parse.h; ./configure > configure.log 2>&1; make > make.log 2>&1; make scancode.c >> make.log 2>&1; rm -f *.o mawk",
        flags=("-DHAVE_CONFIG_H", "-DLOCAL_REGEXP", "-I."), inputs={"in.txt": TEXT, "prog.awk": AWK_PROGRAM},
    ),
    Body(
        "lua", "lua5.4", ("src/l*.c",), ("./P test.lua",), without=("src/luac.c",),
        prepare="echo '#define DEB_HOST_MULTIARCH \"none\"' > src/lua5.4-deb-multiarch.h", flags=("-DLUA_USE_POSIX",),
        inputs={"test.lua": "local t = {} for i = 1, 50 do t[i] = i * i end print(#t, t[7], ('x'):rep(3), select('#', 1, 2))\n"
                "print(pcall(error, 'e')) local c = coroutine.wrap(function(a) local b = coroutine.yield(a + 1) return b * 2 end)\n"
                "print(c(1), c(21)) print(string.format('%5.2f %s', 1.5, {1} ~= nil)) table.sort(t, function(a, b) return a > b end)\n"
                "print(t[1], ('hello'):gsub('l', 'L'), math.floor(2.5), load('return 1 + 1')())\n"},
    ),
    Body(
        "lz4", "lz4", ("lib/lz4.c", "lib/lz4hc.c", "lib/lz4frame.c", "lib/xxhash.c"), ("./P",), main="lz4_main.c", flags=("-Ilib",), statements=0.3,
    ),
    Body(
        "sqlite", "sqlite3", ("sqlite3.c", "shell.c"),
        ("./P :memory: < script.sql", "./P test.db < script.sql", "./P test.db 'select count(*), sum(v), max(name) from t'"),
        prepare="(./configure --disable-readline --disable-tcl && make sqlite3.c shell.c) > make.log 2>&1",
        flags=("-DSQLITE_OMIT_LOAD_EXTENSION", "-DSQLITE_THREADSAFE=0", "-D_GNU_SOURCE", "-DHAVE_UNISTD_H", "-I."), statements=0.1,
        inputs={"script.sql": "create table t(id integer primary key, name text, v real);\ncreate index i on t(name);\n"
                "with recursive n(x) as (select 1 union all select x + 1 from n where x < 500)\n"
                "  insert into t select x, 'name' || (x * 7919 % 501), x / 3.0 from n;\n"
                "select name, count(*), round(sum(v), 3) from t where id % 7 = 3 group by name order by 2 desc, 1 limit 9;\n"
                "begin; delete from t where id > 400; rollback; update t set v = v * 2 where name like 'name1%';\n"
                "select group_concat(name, '|') from (select name from t order by v desc limit 5);\n"
                ".mode column\nexplain query plan select * from t a join t b on a.name = b.name where a.id < 5;\n"
                "select upper('x'), printf('%08.3f', 3.14159), json_extract('{\"a\":[1,2]}', '$.a[1]');\n"
                "create table u(a, b unique); insert into u values (1, 1), (2, 1);\nselect * from nowhere;\nvacuum;\n"},
    ),
    Body(
        "tcc", "tcc", ("tcc.c",),
        ("./P -E in.c | tail -40", "./P -c hello.c && wc -c < hello.o && cmp hello.o hello.o", "./P -run hello.c a b", "./P -v", "./P no.c"),
        flags=("-D_GNU_SOURCE", "-DONE_SOURCE=1", "-DTCC_TARGET_X86_64", '-DTCC_VERSION="0.9.27"', '-DCONFIG_TCCDIR="src"',
               '-DCONFIG_TCC_CRTPREFIX="/usr/lib/x86_64-linux-gnu"', '-DCONFIG_SYSROOT=""', "-DTCC_GITHASH=\"x\"", "-I."), prepare="touch config.h",
        inputs={"in.c": "#define max(a, b) ((a) > (b) ? (a) : (b))\n#define S(x) #x S2(x)\n#define S2(x) L ## x\n"
                "int f(int n) { return max(n, 3) + S(abc); }\n",
                "hello.c": "int printf(const char *, ...); struct p { int x, y; } q = { 1, 2 };\nstatic long fact(int n) { return n < 2 ? 1 : n * fact(n - 1); }\n"
                "int main(int argc, char **argv) { int i; double d = 1.5; for (i = 0; i < argc; i++) printf(\"%d %ld %g\\n\", i, fact(i + 10), d * i);\n"
                "  switch (argc) { case 3: printf(\"three %d\\n\", q.x << 4 | q.y); } return argc; }\n"},
    ),
    Body(
        "duktape", "duktape", ("src/duktape.c", "examples/eval/eval.c"),
        ("./P 'var a = []; for (var i = 0; i < 20; i++) a.push(i * i); a.join()'", "./P 'function f(n) { return n < 2 ? n : f(n - 1) + f(n - 2) } f(12)'",
         "./P 'JSON.stringify({ a: [1, 2.5, null, \"x\"], b: { c: true } })' '\"aXbXc\".replace(/X(.)/g, function (m, c) { return c.toUpperCase() })'",
         "./P 'try { null.x } catch (e) { String(e) }' 'new Date(0).toISOString()' 'nope(' 'Math.round(Math.sin(1) * 1e6)'"),
        flags=("-Isrc", "-D_GNU_SOURCE"), statements=0.1,
    ),
    Body(
        "cmark", "cmark", ("src/*.c",),
        ("./P src/test/spec.txt", "./P -t xml src/README.md", "./P -t latex src/README.md", "./P -t man src/README.md", "./P -t commonmark --width 60 src/README.md",
         "./P --help", "./P --smart src/test/smart_punct.txt"),
        prepare="cd src && touch cmark_export.h && echo '#define CMARK_VERSION 0x001e02\n#define CMARK_VERSION_STRING \"0.30.2\"\n#define CMARK_EXPORT' > cmark_version.h"
        " && echo '#include <stdbool.h>\n#define CMARK_ATTRIBUTE(list)\n#define CMARK_INLINE inline\n#define CMARK_EXPORT' > config.h"
        " && echo '#define CMARK_EXPORT\n#define CMARK_NO_EXPORT' > cmark_export.h",
        flags=("-Isrc",),
    ),
    Body(
        "expat", "expat", ("expat/lib/xmlparse.c", "expat/lib/xmltok.c", "expat/lib/xmlrole.c", "expat/xmlwf/xmlwf.c", "expat/xmlwf/xmlfile.c", "expat/xmlwf/codepage.c", "expat/xmlwf/unixfilemap.c"),
        ("./P in.xml", "./P -t -n in.xml", "./P -c -d out in.xml || mkdir out && ./P -m -n -d out in.xml && cat out/in.xml", "./P bad.xml", "./P -v"),
        flags=("-DXML_DTD", "-DXML_NS", "-DXML_CONTEXT_BYTES=1024", "-DXML_DEV_URANDOM", "-DHAVE_MEMMOVE", "-DBYTEORDER=1234", "-DXML_POOR_ENTROPY", "-DHAVE_UNISTD_H", "-DHAVE_EXPAT_CONFIG_H", "-Iexpat/lib"),
        prepare="touch expat/lib/expat_config.h; sed -i 's/^tmain(/main(/' expat/xmlwf/xmlwf.c",
        inputs={"in.xml": "<?xml version='1.0' encoding='UTF-8'?>\n<!DOCTYPE d [<!ELEMENT d (e*)><!ATTLIST e a CDATA 'def'><!ENTITY x 'ent <e/>'>]>\n<d xmlns:n='urn:n'>"
                + "".join(f"<e a='{i}&amp;'>t&#{65 + i % 26};<![CDATA[<{i}>]]></e><n:f/>&x;\n" for i in range(60)) + "<!-- c --><?pi data?></d>\n",
                "bad.xml": "<a><b></a>\n"},
    ),
    Body(
        "mujs", "mujs", ("one.c", "main.c"), ("./P t.js", "./P -s t.js", "./P bad.js"),
        inputs={"t.js": "var o = { a: [3, 1, 2], f: function (x) { return x * this.k }, k: 7 };\nprint(o.a.sort(), o.f(6), 'abc'.replace(/b/, 'B'), parseInt('ff', 16));\n"
                "try { throw new TypeError('t') } catch (e) { print(e) } finally { print('f') }\nfor (var i in o) print(i, typeof o[i]);\n"
                "print(JSON.stringify(JSON.parse('[1,{\"x\":null}]')), [1,2,3].map(function (x) { return x * x }).join('+'), 0.1 + 0.2, 1e21, /(\\d+)-(\\w)/.exec('x 12-y'));\n",
                "bad.js": "var = 3;\n"},
    ),
    Body("byacc", "byacc", ("closure.c", "error.c", "graph.c", "lalr.c", "lr0.c", "main.c", "mkpar.c", "mstring.c", "output.c", "reader.c", "symtab.c", "verbose.c", "warshall.c", "yaccpar.c"),
         ("./P -v -d src/test/calc.y; cat y.output y.tab.c", "./P -g -i -P -b g src/test/grammar.y", "./P -v src/test/calc3.y; cat y.tab.c", "./P src/test/err_syntax9.y", "./P -l -t -p xx -o o.c src/test/pure_calc.y"),
         prepare="./configure > configure.log 2>&1", flags=("-DHAVE_CONFIG_H", "-I.", "-DYYBTYACC=0", "-DYYPATCH=0"),
    ),
    Body("tinyscheme", "tinyscheme", ("scheme.c",), ("./P t.scm", "./P -1 t.scm 2", "./P nothing.scm"),
         flags=("-DSTANDALONE=1", "-DUSE_DL=0", "-DUSE_MATH=1", "-DUSE_ASCII_NAMES=0", "-DInitFile=\"src/init.scm\""),
         inputs={"t.scm": "(define (fact n) (if (< n 2) 1 (* n (fact (- n 1)))))\n(display (fact 10)) (newline)\n(let loop ((i 0)) (if (< i 20) (begin (write (list i (* i i) \"s\" #\\a 'sym 1.5)) (newline) (loop (+ i 1)))))\n"
                 "(display (call-with-current-continuation (lambda (k) (+ 1 (k 42)))))(newline)(display (map (lambda (x) (* x x)) '(1 2 3)))(newline)(display (string-append \"a\" \"b\"))(car '())\n"},
    ),
    Body("compress", "ncompress", ("compress42.c",), ("./P -c in.txt > o.Z", "./P -d -c o.Z", "./P -b 10 -v -f in.c", "./P -V", "./P -d -f in.c.Z; cat in.c"),
         flags=("-DDIRENT", "-DUSERMEM=800000", "-DLSTAT", "-DUTIME_H"), inputs={"in.txt": TEXT, "in.c": C_TEXT}),
    Body("jq", "jq", ("src/b*.c", "src/c*.c", "src/e*.c", "src/j*.c", "src/l*.c", "src/main.c", "src/parser.c", "src/util.c"),
         ("./P . in.json", "./P -c '[.[] | select(.a > 3) | {a, b: (.b | length)}]' in.json", "./P -r '.[0].b | join(\",\")' in.json", "./P 'map(.a) | add, min, max, (. | @base64 \"x\\(.)\")' in.json",
          "./P -n '[range(20)] | map(. * .) | group_by(. % 3)'", "./P -n 'def f: if . < 2 then 1 else . * (. - 1 | f) end; 10 | f, (try error(\"x\") catch .), (\"a-b\" | split(\"-\"))'", "./P '.[' in.json"),
         without=("src/inject_errors.c",),
         prepare="cd src && sed -e 's/\\\\/\\\\\\\\/g;s/\"/\\\\\"/g;s/^/\"/;s/$/\\\\n\"/' builtin.jq > builtin.inc; echo '#define JQ_VERSION \"1.6\"' > version.h",
         flags=("-D_GNU_SOURCE", "-DHAVE_MEMMEM", "-DHAVE_TM_TM_GMT_OFF", "-DHAVE_TIMEGM", "-DHAVE_GMTIME_R", "-DHAVE_STRPTIME", "-DHAVE_STRFTIME", "-DHAVE_ISATTY", "-DIEEE_8087", "-Isrc", "-I."),
         inputs={"in.json": "[" + ",".join(f'{{"a": {i}, "b": ["x{i}", "y\\u00e9"], "c": {{"d": {i / 7:.4f}, "e": null}}}}' for i in range(12)) + "]"},
    ),
    Body("jansson", "jansson", ("src/*.c", "test/bin/json_process.c"), ("./P --env < in.json", "JSON_INDENT=2 JSON_SORT_KEYS=1 ./P --env < in.json", "./P --env < bad.json"),
         prepare="./configure > configure.log 2>&1 || (cd src && sed -e 's/@json_inline@/inline/;s/@json_have_[a-z_]*@/1/' jansson_config.h.in > jansson_config.h; touch jansson_private_config.h)",
         flags=("-Isrc", "-DHAVE_STDINT_H", "-DHAVE_LOCALE_H", "-DHAVE_SETLOCALE"),
         inputs={"in.json": '{"z": [1, -2.5e10, true, null, "\\u20ac\\n"], "a": {"k": {}}, "long": [' + ",".join(map(str, range(200))) + "]}", "bad.json": '{"a": [1, }'},
    ),
    Body("yaml", "libyaml", ("src/*.c", "tests/run-parser-test-suite.c"), ("./P src/examples/mapping.yaml", "./P src/examples/anchors.yaml", "./P src/examples/strings.yaml", "./P in.yaml", "./P bad.yaml"),
         flags=("-Iinclude", "-DYAML_VERSION_MAJOR=0", "-DYAML_VERSION_MINOR=2", "-DYAML_VERSION_PATCH=5", '-DYAML_VERSION_STRING="0.2.5"'),
         inputs={"in.yaml": "%YAML 1.1\n---\na: &x [1, 'two', \"th\\tree\"]\nb: |\n  block\n   text\nc: >-\n  folded\n  text\nd: *x\n? complex key\n: !!str value\n---\n- - nested\n  - {f: 1, g: [h]}\n...\n",
                 "bad.yaml": "a: [1, 2\nb: }\n"},
    ),
    Body("minilzo", "lzo2", ("minilzo/minilzo.c", "minilzo/testmini.c"), ("./P",), flags=("-Iminilzo", "-Iinclude/lzo", "-Iinclude")),
    Body("jimtcl", "jimtcl", ("_load-static-exts.c", "jim.c", "jim-a*.c", "jim-[cefh]*.c", "jim-in*.c", "jim-[l]*.c", "jim-namespace.c", "jim-p*.c", "jim-readd*.c", "jim-reg*.c", "jim-s[iuy]*.c", "utf8.c", "jimregexp.c", "jimiocompat.c", "initjimsh.c", "jimsh.c", "_[a-k]*.c", "_[m-z]*.c"),
         ("./P t.tcl", "./P -e 'expr {2 ** 20 % 1000}'", "./P bad.tcl"), prepare="./configure --disable-docs --disable-ssl --disable-lineedit > c.log 2>&1 && make > make.log 2>&1", statements=0.3,
         flags=("-I.", "-D_GNU_SOURCE"),
         inputs={"t.tcl": "proc fact n { if {$n < 2} { return 1 }; expr {$n * [fact [expr {$n - 1}]]} }\nputs [fact 15]\nset l {}\nfor {set i 0} {$i < 40} {incr i} { lappend l [expr {$i * 7 % 41}] }\n"
                 "puts [lsort -integer $l]\nputs [lmap x $l { expr {$x > 20 ? $x : [continue]} }]\narray set a {x 1 y 2 z 3}\nforeach k [lsort [array names a]] { puts \"$k $a($k)\" }\n"
                 "puts [regexp -inline {(\\d+)-(\\w+)} {ab 12-xyz}]\nputs [regsub -all {o} foobooo 0]\nputs [format {%5.2f|%-6s|%x} 3.14159 ab 255]\nputs [string map {a b c d} aacc]\nputs [dict get {a {b c}} a b]\n"
                 "if {[catch {error oops} e]} { puts $e }\nputs [join [split a:b:c :] +]\nputs [string repeat ab 5][string toupper xyz][string reverse abc]\nputs [switch -glob foo { f* {list yes} default {list no} }]\n",
                 "bad.tcl": "puts [expr {1 +}]\n"},
    ),
    Body("mandoc", "mandoc", ("arch.c", "att.c", "chars.c", "compat_ohash.c", "compat_progname.c", "compat_recallocarray.c", "compat_stringlist.c", "compat_strlcat.c", "compat_strlcpy.c", "compat_strtonum.c", "dba*.c", "dbm*.c", "eqn.c", "eqn_*.c", "html.c", "lib.c", "main.c", "man.c", "man_*.c", "manconf.c", "mandoc.c", "mandoc_*.c", "mandocdb.c", "manpath.c", "mansearch.c", "mdoc.c", "mdoc_*.c", "msec.c", "out.c", "preconv.c", "read.c", "roff.c", "roff_*.c", "st.c", "tag.c", "tbl.c", "tbl_*.c", "term.c", "term_*.c", "tree.c"),
         ("./P -T ascii src/mandoc.1", "./P -T html src/roff.7", "./P -T markdown src/mdoc.7", "./P -T tree src/tbl.7 src/eqn.7", "./P -T ps src/man.7", "./P -T lint src/mandoc_char.7 src/man.cgi.3", "./P -T man src/mandocd.8", "./P nothing.1"),
         prepare="./configure > c.log 2>&1; make > make.log 2>&1; sed -i 's,\\bpend\\b,p_end,g' *.c", flags=("-I.", "-D_GNU_SOURCE", "-D__noreturn__="), libraries=("-lz",), statements=0.3,
    ),
    Body("dc", "bc", ("dc/*.c", "lib/number.c", "lib/getopt*.c"), ("./P -e '20k 2v p 1 3/p 10 100^p 16o 255p 2i 1011p'", "./P fact.dc", "./P -e '[la1+dsa*pla10>y]sy0sa1 lyx'", "./P -f fact.dc -e '1 0/ z p q' ", "./P -e '3 4:a 3;a p [foo] P 65 a p 12 7 ~ p p 2 10 1000|p _3 f xyz'", "./P --version", "./P --nope"),
         prepare="./configure > c.log 2>&1; sed -i '1i #include <stdio.h>\\nvoid checkferror_output(FILE *), checkferror_input(FILE *);' dc/*.c", flags=("-DHAVE_CONFIG_H", "-I.", "-Ih"),
         inputs={"fact.dc": "[d1-d1<F*]dsFxp\n".join(("20 ", "30 ", "")) + "\n5k 355 113/ p 17 sr lr p 10 [d p 1 - d 0 <l] dslx f\n"},
    ),
    Body("bc", "bc", ("bc/*.c", "lib/number.c", "lib/getopt*.c", "lib/vfprintf.c"), ("./P -q t.bc < /dev/null", "./P -q src/bc/libmath.b l.bc < /dev/null", "./P -s -w t.bc < /dev/null", "./P -v"),
         prepare="./configure > c.log 2>&1; echo '{0}' > bc/libmath.h", flags=("-DHAVE_CONFIG_H", "-I.", "-Ih"),
         inputs={"t.bc": "define f(n) {\n  auto i, r\n  r = 1\n  for (i = 2; i <= n; i++) r *= i\n  return (r)\n}\nf(30)\nscale = 20\n1 / 3; sqrt(2); 2 ^ 100; -7 % 3\nobase = 16; 65535; obase = 10\n"
                 "for (i = 0; i < 5; ++i) { if (i == 3) break; a[i] = i * i; print a[i], \" \" }\nprint \"\\n\"\nwhile (i > 0) { i -= 1; if (i == 1) continue; i }\nlength(12345.678); scale(1.25)\n1 +\n",
                 "l.bc": "scale = 30; a(1) * 4; e(1); s(0.5); c(0.5); l(2); j(1, 2)\ndefine g(x) { if (x < 2) { return x } else { return g(x - 1) + g(x - 2) } }\ng(15)\n"},
    ),
    Body("gifbuild", "giflib", ("dgif_lib.c", "egif_lib.c", "gifalloc.c", "gif_err.c", "gif_font.c", "gif_hash.c", "openbsd-reallocarray.c", "getarg.c", "qprintf.c", "quantize.c", "gifbuild.c"),
         ("./P -d src/pic/fire.gif > fire.dmp; cat fire.dmp", "./P fire.dmp > fire.gif", "./P -d src/pic/treescap-interlaced.gif", "./P -d src/pic/welcome2.gif | ./P > w.gif", "./P -d in.txt"), inputs={"in.txt": TEXT},
    ),
    Body("giftool", "giflib", ("dgif_lib.c", "egif_lib.c", "gifalloc.c", "gif_err.c", "gif_font.c", "gif_hash.c", "openbsd-reallocarray.c", "getarg.c", "qprintf.c", "quantize.c", "giftool.c"),
         ("./P -n 1,3,5 < src/pic/fire.gif > o.gif", "./P -f '%n %l %h %w %z\\n' < src/pic/fire.gif", "./P -i on -d 7 -b 3 < src/pic/treescap.gif > t.gif", "./P -a 1,1 -t 1,2 -u 0 -p 3,4 -s 500,500 < src/pic/solid2.gif > s.gif", "./P -x < in.txt"), inputs={"in.txt": TEXT},
    ),
    Body("zopfli", "zopfli", ("src/zopfli/*.c",), ("./P -c in.txt > o.gz", "./P --i5 --zlib -v in.c", "./P --deflate --i3 -c in.c > o.df", "./P -h", "./P nothing"),
         inputs={"in.txt": TEXT[:3000], "in.c": C_TEXT[:4000]}, statements=0.3,
    ),
    Body("http_parser", "http-parser", ("http_parser.c", "test.c"), ("./P",), flags=("-DHTTP_PARSER_STRICT=1",), statements=0.3),
    Body("units", "units", ("units.c", "parse.tab.c", "strfunc.c"), ("./P -f src/definitions.units '3 miles/hour' 'm/s'", "./P -f src/definitions.units -v 'tempF(98.6)' tempC", "./P -f src/definitions.units '12 lbf' newton", "./P -f src/definitions.units -t '2^10 + sin(1) | 7' ''", "./P -f src/definitions.units 'light year' 'm' ", "./P -f src/definitions.units -c", "./P -f src/definitions.units '1 foo' bar", "./P -f src/definitions.units -q < in.txt"),
         flags=('-DUNITSFILE="src/definitions.units"', '-DLOCALEMAP="src/locale_map.txt"', '-DDATADIR="src"', "-DHAVE_SNPRINTF", "-DSUPPORT_UTF8", "-D_GNU_SOURCE", '-DCDEFINEDS="x"', '-DUNIX_BUILD'), statements=0.5,
         inputs={"in.txt": "10 furlong\nmile\n5 ft + 3 in\nm\n~tau\n1|3 cup\nml\n"},
    ),
    Body("clzip", "clzip", ("carg_parser.c", "lzip_index.c", "list.c", "encoder_base.c", "encoder.c", "fast_encoder.c", "decoder.c", "main.c"), ("./P -c in.txt > o.lz", "./P -9 -k -v in.c", "./P -dc o.lz", "./P -tvvv in.c.lz", "./P -l in.c.lz", "./P -0 < in.c > f.lz", "./P -d < f.lz", "./P -d < in.txt", "./P -V"),
         flags=('-DPROGVERSION="1"', "-D_FILE_OFFSET_BITS=64"), inputs={"in.txt": TEXT, "in.c": C_TEXT},
    ),
    Body("kissfft", "kissfft", ("kiss_fft.c", "kiss_fftr.c", "kiss_fftnd.c", "kiss_fftndr.c", "kfc.c", ), ("./P",), main="kissfft_main.c", flags=("-I.", "-Dkiss_fft_scalar=double")),
    Body("brotli", "brotli", ("c/common/*.c", "c/dec/*.c", "c/enc/*.c"), ("./P",), main="brotli_main.c", flags=("-Ic/include",), statements=0.1),
    Body("musl_crypt", "musl", ("src/crypt/crypt_[bms]*.c", "src/crypt/crypt_des.c"), ("./P",), main="crypt_main.c", statements=0.5, prepare="sed -i 's/hidden//' src/crypt/crypt_des.h"),
    Body("stb", "libstb", (), ("./P src/data/*.png src/data/*/*.png",), main="stb_main.c", flags=("-I.",), inputs={"in.txt": TEXT}, statements=0.5),
    Body("celt", "opus", ("celt/*.c",), ("./P",), main="celt_main.c", without=("celt/opus_custom_demo.c",),
         flags=("-DCUSTOM_MODES", "-DOPUS_BUILD", "-DFIXED_POINT", "-DNONTHREADSAFE_PSEUDOSTACK", "-Iinclude", "-Icelt", "-I."), statements=0.3,
    ),
    Body("libconfig", "libconfig", ("lib/grammar.c", "lib/libconfig.c", "lib/scanctx.c", "lib/scanner.c", "lib/strbuf.c", "examples/c/example*.c"), ("./P",), without=("examples/c/example2.c", "examples/c/example3.c"),
         flags=("-Ilib", "-DHAVE_STDINT_H", "-D_GNU_SOURCE", "-DHAVE_UNISTD_H", "-DHAVE_USELOCALE", "-DHAVE_NEWLOCALE", "-DHAVE_FREELOCALE"), prepare="sed -i 's,\"example.cfg\",\"src/examples/c/example.cfg\",' examples/c/example1.c; touch ac_config.h"),
    Body("tre", "tre", ("lib/*.c", "tests/retest.c"), ("./P",), prepare="./configure --without-alloca > c.log 2>&1", flags=("-DHAVE_CONFIG_H", "-I.", "-Ilib"), statements=0.2),
)  # fmt: skip
