/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a key file of the engine. A valid file has keys of the right length. An invalid one gives an error that
 * contains no part of a key.
 *
 *   fuzz_keys CORPUS...          (libFuzzer)
 *   fuzz_keys FILE...            (with FUZZ_MAIN: runs these)
 *   fuzz_keys                    (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_keys --corpus DIR       (with FUZZ_MAIN: writes the corpus)
 */
#include <string.h>

#include "engine_keys.h"
#include "fuzz_must.h"

#define KEY_LEN 4
#define PART    6 /* an error must not contain this many characters of a key in a row */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void
keys_are_whole(const struct engine_key *key, uint32_t n, const struct engine_keys *keys)
{
	for (uint32_t i = 0; i < n; i++) {
		must(key[i].spi >= 256 && key[i].line > 0, "an SPI that may be, and a line");
		must(key[i].len == KEY_LEN && key[i].octets >= keys->octets &&
			     key[i].octets + KEY_LEN <= keys->octets + keys->room,
		     "a key lies within the keys");
	}
}

/* The error contains no part of @p word, which may be a key. */
static void
error_has_not(const char *error, const char *word, size_t len)
{
	char part[PART + 1] = "";
	for (size_t at = 0; at + PART <= len; at++) {
		memcpy(part, word + at, PART);
		/* Digits alone may be a number of ours. */
		must(strspn(part, "0123456789") == PART || !strstr(error, part), "an error has nothing of a key");
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = malloc(size ? size : 1);
	struct engine_keys keys;
	struct ipm_error err = { "" };

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	if (engine_keys_parse("K", text, size, KEY_LEN, &keys, &err) == 0) {
		must(keys.ins > 0 && keys.outs > 0, "there is one of each");
		keys_are_whole(keys.in, keys.ins, &keys);
		keys_are_whole(keys.out, keys.outs, &keys);
		engine_keys_free(&keys);
	} else {
		must(strncmp(err.text, "K:", 2) == 0 && err.text[3], "an error says where and what");
		must(!keys.octets && !keys.in && !keys.out, "nothing is left of what was refused");
		bool spi = strstr(err.text, "is given twice") != NULL; /* it contains an SPI, which is no secret */
		for (size_t at = 0; at < size && !spi; at++) {
			size_t len = 0;
			while (at + len < size && text[at + len] && strchr("0123456789abcdefABCDEF", text[at + len]))
				len++;
			if (len >= 2 * KEY_LEN)
				error_has_not(err.text, text + at, len);
			at += len;
		}
	}
	free(text);
	return 0;
}

#ifdef FUZZ_MAIN
static const char *const seeds[] = {
	"in 256 deadbeef\nout 257 feedface\n",
	"# two\nin 0x1001 DEADbeef # x\n\n\tout\t0xfffffffe\tfeedf00d\r\nin 300 0badcafe",
	"in 256 deadbeef\nin 256 feedface\nout 1 0\n",
	"out 4294967294 deadbee\n",
	"in 0x100 deadbeefdeadbeef\n",
	"in 256 deadbeeg\nout",
	"",
};
#define FUZZ_TEXTS seeds
#include "fuzz_main.h"

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(4); n > 0 && len > 0; n--) {
		size_t at = rnd((uint32_t)len);
		switch (rnd(3)) {
		case 0:
			out[at] = rnd(3) ? (uint8_t) " \n#0x9aAinout"[rnd(13)] : (uint8_t)rnd(256);
			break;
		case 1:
			memmove(out + at, out + at + 1, --len - at);
			break;
		default:
			memmove(out + at + 1, out + at, len++ - at);
		}
	}
	return len;
}
#endif
