/* SPDX-License-Identifier: ISC */
/* ipsecmon-engine: a data plane in user space, with a model segment of its own. */
#include <config.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "daemon.h"
#include "engine.h"
#include "place.h"
#include "service.h"

#define TICK_MS 100

/* Everything that lives from start to end. */
struct program {
	struct conf *conf;      /* the settings of all programs */
	struct engine_conf own; /* the settings of this program */
	const char *conf_file;
	char *segment_path;
	int signals, notify;
	struct engine e;
};

/* Forbid core dumps: OpenSSL's contexts hold the keys of live SAs. */
static void
keep_keys(void)
{
	setrlimit(RLIMIT_CORE, &(struct rlimit){ 0 });
	prctl(PR_SET_DUMPABLE, 0);
}

static bool
open_segment(struct program *p)
{
	const struct conf *conf = p->conf;
	gid_t group;

	if (!place_group(conf, &group) || !place_run_dir(conf, group))
		return false;
	p->segment_path = conf_run_path(conf, CONF_ENGINE);
	if (!p->segment_path) {
		log_error("out of memory");
		return false;
	}
	return place_segment(&p->e.writer, conf, group,
			     (struct ipm_writer_options){ .path = p->segment_path,
							  .name = p->own.engine.name,
							  .index_first = p->own.engine.first_index,
							  .capacity = { .feeds = 1,
									.interfaces = p->own.endpoints,
									.engines = 1,
									.lanes = p->own.engine.workers } });
}

/* Call this before any thread starts: then all threads block these signals, and only the signalfd receives them. */
static bool
open_signals(struct program *p)
{
	sigset_t set;
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &set, NULL);
	p->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	p->notify = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (p->signals >= 0 && p->notify >= 0)
		return true;
	log_error("%s", strerror(errno));
	return false;
}

static bool
open_engine(struct program *p)
{
	struct engine *e = &p->e;
	const struct engine_conf *conf = &p->own;
	struct ipm_error err = { "" };

	e->conf = conf;
	e->tunnel = calloc(conf->tunnels + 1, sizeof(*e->tunnel));
	e->generator = calloc(conf->generators + 1, sizeof(*e->generator));
	e->interface = calloc(conf->endpoints + 1, sizeof(*e->interface));
	e->unsent = calloc(conf->generators + 1, sizeof(*e->unsent));
	e->reported = calloc(conf->generators + 1, sizeof(*e->reported));
	if (!e->tunnel || !e->generator || !e->interface || !e->unsent || !e->reported) {
		log_error("out of memory");
		return false;
	}
	for (uint32_t i = 0; i < conf->generators; i++)
		engine_generator_init(&e->generator[i], &e->plan.generator[i],
				      &e->plan.tunnel[e->plan.generator[i].tunnel]);
	if (engine_workers_open(&e->workers, &e->plan, ipm_writer_fast(e->writer), e->generator, p->notify, &err) < 0) {
		log_error("%s", err.text);
		return false;
	}
	int rc = engine_workers_start(e->workers, conf->engine.workers);
	if (rc == 0)
		rc = engine_begin(e, p->conf_file);
	if (rc < 0)
		log_error("%s: %s", p->segment_path, strerror(-rc));
	return rc == 0;
}

/* False: the program must end. */
static bool
on_signals(struct program *p)
{
	struct signalfd_siginfo info;
	while (read(p->signals, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGUSR1)
			return false;
		engine_report(&p->e, true);
	}
	return true;
}

static void
run(struct program *p)
{
	struct pollfd fds[] = { { .fd = p->signals, .events = POLLIN }, { .fd = p->notify, .events = POLLIN } };
	uint64_t count;

	do {
		poll(fds, 2, TICK_MS);
		ssize_t got = read(p->notify, &count, sizeof(count));
		(void)got;
		engine_tick(&p->e);
		service_alive();
	} while (on_signals(p));
}

static void
close_all(struct program *p)
{
	struct engine *e = &p->e;

	engine_workers_close(e->workers, p->own.engine.workers);
	engine_end(e);
	engine_plan_free(&e->plan);
	ipm_writer_close(e->writer);
	free(e->tunnel);
	free(e->generator);
	free(e->interface);
	free(e->unsent);
	free(e->reported);
	if (p->signals >= 0)
		close(p->signals);
	if (p->notify >= 0)
		close(p->notify);
	free(p->segment_path);
	engine_conf_clear(&p->own);
	conf_free(p->conf);
}

int
main(int argc, char **argv)
{
	struct daemon_options opt;
	struct program p = { .signals = -1, .notify = -1 };
	struct ipm_error err;
	char error[512];
	int status = EXIT_FAILURE;

	daemon_options(argc, argv, "ipsecmon-engine", "An ESP data plane in user space, with traffic generators.",
		       &opt);
	log_open("ipsecmon-engine", true); /* configuration errors go to the terminal */
	keep_keys();
	p.conf_file = opt.conf_file ? opt.conf_file : DEFAULT_CONF;
	p.conf = engine_conf_load(opt.conf_file, &p.own, error, sizeof(error));
	if (!p.conf) {
		log_error("%s", error);
		return EXIT_FAILURE;
	}
	daemon_start(&opt); /* fork before loading keys: a child does not inherit locked memory */
	if (engine_plan_make(&p.own, p.conf_file, &p.e.plan, &err) < 0) {
		log_error("%s", err.text);
		goto out;
	}
	if (!open_signals(&p) || !open_segment(&p) || !open_engine(&p))
		goto out;
	log_open("ipsecmon-engine", opt.foreground);
	daemon_ready();
	run(&p);
	service_stopping();
	engine_report(&p.e, false);
	status = EXIT_SUCCESS;
out:
	close_all(&p);
	return status;
}
