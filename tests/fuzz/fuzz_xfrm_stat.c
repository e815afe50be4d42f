/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: the text of /proc/net/xfrm_stat. Text that is read without an error, written again with one line per
 * count, gives the same counts.
 *
 *   fuzz_xfrm_stat CORPUS...          (libFuzzer)
 *   fuzz_xfrm_stat FILE...            (with FUZZ_MAIN: runs these)
 *   fuzz_xfrm_stat                    (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_xfrm_stat --corpus DIR       (with FUZZ_MAIN: writes the corpus)
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz_must.h"
#include "xfrm_stat.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Allocate exactly the length, so that the address sanitizer detects reads beyond it. */
	char *text = malloc(size > 0 ? size : 1), again[XFRM_STAT_COUNT * 64];
	uint64_t first[XFRM_STAT_COUNT], second[XFRM_STAT_COUNT];
	size_t len = 0;
	must(text != NULL, "there is memory");
	if (size > 0)
		memcpy(text, data, size);
	memset(first, 0xff, sizeof(first));
	int rc = xfrm_stat_parse(text, size, first);
	must(rc == 0 || rc == -EBADMSG, "parsing ends in 0 or -EBADMSG");
	for (size_t i = 0; i < XFRM_STAT_COUNT; i++)
		len += (size_t)snprintf(again + len, sizeof(again) - len, "%s\t%" PRIu64 "\n", xfrm_stat_lines[i].text,
					first[i]);
	must(xfrm_stat_parse(again, len, second) == 0, "counts can be said again");
	must(memcmp(first, second, sizeof(first)) == 0, "said again they are the same");
	free(text);
	return 0;
}

#ifdef FUZZ_MAIN
static const char *const seeds[] = {
	"",
	"XfrmInError             \t0\nXfrmInBufferError       \t1\nXfrmInHdrError          \t2\n",
	"XfrmInNoStates          \t4294967296\nXfrmOutPolBlock         \t18446744073709551615\n",
	"XfrmInStateSeqError 18446744073709551616\n",
	"XfrmInSomethingNew 7\nXfrmOutSomethingNew 8\nXfrmFwdHdrError 9\nXfrmAcquireError 10",
	"XfrmInError\n\nXfrmInError seven\nXfrmInError -7\n 7\nTcp 7\n",
	"XfrmIn 1\nXfrm 2\nXfr 3\n",
};
#define FUZZ_TEXTS seeds
#include "fuzz_main.h"

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(6); n > 0; n--) {
		size_t at = rnd((uint32_t)len + 1);
		if (at < len && rnd(2)) {
			out[at] = (uint8_t)(rnd(3) ? (uint32_t) " \n\t09X"[rnd(6)] : rnd(256));
		} else if (at < len && rnd(2)) {
			memmove(out + at, out + at + 1, --len - at);
		} else if (len < 1024) {
			memmove(out + at + 1, out + at, len++ - at);
			out[at] = (uint8_t) " \n\t09X"[rnd(6)];
		}
	}
	return rnd(8) ? len : rnd((uint32_t)len + 1);
}
#endif
