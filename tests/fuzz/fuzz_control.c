/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a line on the control socket. A valid line, written again, is the same line. An invalid one gives a
 * reason.
 *
 *   fuzz_control -max_len=300 CORPUS...          (libFuzzer)
 *   fuzz_control FILE...                         (with FUZZ_MAIN: runs these)
 *   fuzz_control                                 (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_control --corpus DIR                    (with FUZZ_MAIN: writes the corpus)
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "control.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int
write_out(const struct control_command *c, char *out, size_t size)
{
	switch (c->verb) {
	case CONTROL_HISTORY_SIZE:
		return snprintf(out, size, "history-size %u", c->number);
	case CONTROL_FAILURE_SIZE:
		return snprintf(out, size, "failure-size %u", c->number);
	case CONTROL_CHECK_POINT:
		return snprintf(out, size, "check-point");
	case CONTROL_DESTROY_IKE:
		return snprintf(out, size, "destroy ike %u", c->number);
	case CONTROL_DESTROY_TUNNEL:
		return snprintf(out, size, "destroy tunnel %u", c->number);
	case CONTROL_DESTROY_SESSION:
		return snprintf(out, size, "destroy session %u", c->number);
	case CONTROL_AGENT:
		return snprintf(out, size, "agent %s %u %" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu64, c->name,
				c->number, c->sent, c->suppressed, c->disabled, c->waiting);
	case CONTROL_PING:
		return snprintf(out, size, "ping");
	}
	abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* Allocate exactly the length, so that the address sanitizer detects reads beyond it. */
	char *line = malloc(size ? size : 1), again[2 * CONTROL_LINE_MAX];
	struct control_command command;
	const char *why = NULL;

	if (!line)
		abort();
	if (size)
		memcpy(line, data, size);
	if (control_parse(line, size, &command, &why) == 0) {
		int len = write_out(&command, again, sizeof(again));
		if (len < 0 || (size_t)len != size || memcmp(again, line, size) != 0)
			abort();
	} else if (!why || !why[0]) {
		abort();
	}
	free(line);
	return 0;
}

#ifdef FUZZ_MAIN
static const char *const seeds[] = {
	"ping",
	"check-point",
	"history-size 1",
	"history-size 2147483647",
	"failure-size 4096",
	"destroy ike 7",
	"destroy tunnel 2147483648",
	"destroy session 3",
	"agent ipsecmon-agentx 4711 18446744073709551615 0 99 1",
	"agent abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyzabcdefghijk 1 1 1 1 1",
	"destroy  ike 07",
	"",
};
#define FUZZ_TEXTS seeds
#include "fuzz_main.h"

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(4); n > 0; n--) {
		size_t at = rnd((uint32_t)len + 1);
		switch (rnd(4)) {
		case 0: /* another octet */
			if (at < len)
				out[at] = (uint8_t)(rnd(3) ? '0' + rnd(10) : rnd(256));
			break;
		case 1: /* one less */
			if (at < len)
				memmove(out + at, out + at + 1, --len - at);
			break;
		case 2: /* much more */
			for (uint32_t more = rnd(3) ? 1 : rnd(300); more > 0 && len < 1024; more--) {
				memmove(out + at + 1, out + at, len++ - at);
				out[at] = " 0\0\n9a"[rnd(6)];
			}
			break;
		default:
			len = at;
		}
	}
	return len;
}
#endif
