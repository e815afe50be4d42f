/* SPDX-License-Identifier: ISC */
/*
 * Fuzz target: a configuration file. In an accepted file every value is in its range. A rejected file gives an error
 * with file, line and reason. Neither changes how the next file is read.
 *
 *   fuzz_conf CORPUS...          (libFuzzer)
 *   fuzz_conf FILE...            (with FUZZ_MAIN: runs these)
 *   fuzz_conf                    (with FUZZ_MAIN: runs mutations from a fixed seed)
 *   fuzz_conf --corpus DIR       (with FUZZ_MAIN: writes the corpus)
 */
#include <ctype.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "engine_conf.h"
#include "fuzz_must.h"

#define OCTETS_MAX 65536

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
within(uint32_t n, uint32_t least, uint32_t most)
{
	return n >= least && n <= most;
}

static void
conf_is_in_its_ranges(const struct conf *conf, const struct engine_conf *own)
{
	must(conf->run_dir[0] == '/' && conf->state_dir[0] == '/', "directories are absolute");
	must(within(conf->capacity.tunnels, 1, 1u << 24) && within(conf->capacity.sas, 1, 1u << 24), "a capacity");
	must(within(conf->vici.poll_interval, 1, 3600) && conf->vici.socket[0] == '/', "vici");
	must(conf->xfrms <= CONF_XFRM_MAX && conf->ikewatches <= CONF_IKEWATCH_MAX, "no more feeds than there is room");
	must(conf->vici.enabled || conf->xfrms || conf->ikewatches, "there is a feed");
	for (uint32_t i = 0; i < conf->xfrms; i++)
		for (uint32_t k = 0; k < i; k++)
			must(strcmp(conf->xfrm[i].netns, conf->xfrm[k].netns) != 0, "a namespace once");
	must(within(own->engine.workers, 1, 64) && within(conf->agentx.notify_rate, 1, 10000), "workers and rate");
	for (uint32_t i = 0; i < own->endpoints; i++)
		must(own->endpoint[i].name[0] && own->endpoint[i].line > 0 && within(own->endpoint[i].port, 1, 65535),
		     "an endpoint has a name, a line and a port");
	for (uint32_t i = 0; i < own->tunnels; i++)
		must(own->tunnel[i].name[0] && own->tunnel[i].endpoint && own->tunnel[i].replay_window <= 4096,
		     "a tunnel is whole");
	for (uint32_t i = 0; i < own->generators; i++)
		must(own->generator[i].name[0] && within(own->generator[i].size, 64, 9000), "a generator is whole");
}

static void
error_says_where_and_what(const char *error, const char *path, uint32_t lines)
{
	char *end;
	size_t len = strlen(path);
	must(strncmp(error, path, len) == 0 && error[len] == ':', "an error begins with the file");
	must(isdigit((unsigned char)error[len + 1]) != 0, "then comes the line");
	unsigned long line = strtoul(error + len + 1, &end, 10);
	must(line >= 1 && line <= lines, "which is one of the file");
	must(end[0] == ':' && end[1] == ' ' && end[2] != '\0', "and what is wrong");
}

static int
file_with(const void *octets, size_t size, char path[32])
{
	int fd = memfd_create("conf", MFD_CLOEXEC);
	if (fd < 0 || write(fd, octets, size) != (ssize_t)size)
		abort();
	snprintf(path, 32, "/proc/self/fd/%d", fd);
	return fd;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char path[32], error[512] = "";
	uint32_t lines = 1;

	if (size > OCTETS_MAX)
		return 0;
	for (size_t i = 0; i < size; i++)
		lines += data[i] == '\n';
	int fd = file_with(data, size, path);
	struct engine_conf own;
	struct conf *conf = engine_conf_load(path, &own, error, sizeof(error));
	if (conf)
		conf_is_in_its_ranges(conf, &own);
	else
		error_says_where_and_what(error, path, lines);
	engine_conf_clear(&own);
	conf_free(conf);
	close(fd);

	fd = file_with("feed vici { poll-interval = 7 }\n", 32, path);
	conf = conf_load(path, error, sizeof(error));
	must(conf && conf->vici.poll_interval == 7 && conf->xfrms == 0, "the next file is read");
	conf_free(conf);
	close(fd);
	return 0;
}

#ifdef FUZZ_MAIN
static const char *const seeds[] = {
	"run-dir = /run/x\nstate-dir = \"/var/lib/x\"\ngroup = ipsecmon\nallow-destroy = true\n",
	"capacity {\n  tunnels = 10 # ten\n  sas = 20\n}\nagentx { socket = /x\n notify-rate = 1 }\n",
	"feed vici { socket = /run/charon.vici\n poll-interval = 5\n hold-time = 30 }\n"
	"feed xfrm { netns = red }\nfeed xfrm {}\nfeed ikewatch { netns = /run/netns/red }\n",
	"// c\nengine { name = gw\n workers = 2\n first-index = 1000000001 }\n"
	"endpoint east { address = 192.0.2.1\n port = 4500 }\n"
	"tunnel a { endpoint = east\n peer = 2001:db8::1\n keys = /k\n suite = aes256gcm16\n mode = tunnel\n esn = "
	"false\n"
	" replay-window = 64\n local-ts = 10.0.0.0/8\n remote-ts = 0.0.0.0/0\n soft-seconds = 1 }\n"
	"generator g { tunnel = a\n rate = 5\n size = 64\n tamper = 3 }\n",
	"/* a\n comment */ run-dir = '/a b'\n",
	"feed {\n}\n",
	"run-dir = \"${HOME}\"\n",
	"capacity = 3\ncapacity|tunnels = 4\n",
	"include(\"/etc/passwd\")\n",
	"tunnel \"\" {}\nendpoint e += {1, 2}\n",
	"",
};
#define FUZZ_TEXTS     seeds
#define FUZZ_MUTATIONS 40000
#include "fuzz_main.h"

static const char *const words[] = {
	"feed", "vici",       "xfrm", "{",    "}",          "=",  "+=",   "\"",   "'",      "\n",     "/*",
	"*/",   "#",          "//",   "${X}", "include",    "(",  ")",    ",",    "tunnel", "engine", "netns",
	"0",    "4294967296", "true", "|",    "true|false", "\\", "\x1b", "\xff", "unset",  "__",     "run-dir"
};

static size_t
fuzz_mutation(uint8_t *out)
{
	size_t len = fuzz_seed(rnd(FUZZ_SEEDS), out);
	for (uint32_t n = rnd(5); n > 0; n--) {
		size_t at = rnd((uint32_t)len + 1);
		const char *word = words[rnd(sizeof(words) / sizeof(words[0]))];
		size_t more = strlen(word), cut = rnd(8);
		switch (rnd(4)) {
		case 0: /* another octet */
			if (at < len)
				out[at] = (uint8_t)rnd(256);
			break;
		case 1: /* some less */
			cut = cut < len - at ? cut : len - at;
			memmove(out + at, out + at + cut, len - at - cut);
			len -= cut;
			break;
		case 2: /* a word more */
			memmove(out + at + more, out + at, len - at);
			memcpy(out + at, word, more);
			len += more;
			break;
		default: /* another file behind it */
			if (len < 4096)
				len += fuzz_seed(rnd(FUZZ_SEEDS), out + len);
		}
	}
	return len;
}
#endif
