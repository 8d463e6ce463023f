CREATE FUNCTION public.yika_written_once() RETURNS trigger
    LANGUAGE plpgsql
    AS $$ BEGIN RAISE EXCEPTION 'written once: this row cannot be changed or deleted' USING ERRCODE = 'restrict_violation'; END $$;
CREATE TABLE public.activities (
    community_id text NOT NULL,
    activity_id text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    kind text NOT NULL,
    category text NOT NULL,
    least_proof text NOT NULL,
    training boolean NOT NULL,
    checkpoints text NOT NULL,
    active boolean NOT NULL,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.alembic_version (
    version_num character varying(32) NOT NULL
);
CREATE TABLE public.balances (
    community_id text NOT NULL,
    account text NOT NULL,
    book text NOT NULL,
    grade text NOT NULL,
    amount bigint NOT NULL
);
CREATE TABLE public.calendar (
    community_id text NOT NULL,
    day text NOT NULL,
    working boolean,
    school boolean,
    name text NOT NULL,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.cards (
    community_id text NOT NULL,
    card_id text NOT NULL,
    volunteer text NOT NULL,
    state text NOT NULL,
    since bigint NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    not_after bigint,
    lookup text NOT NULL,
    digest text,
    sealed text,
    issued_at bigint NOT NULL,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.chain_heads (
    community_id text NOT NULL,
    chain text NOT NULL,
    seq bigint NOT NULL,
    hash text NOT NULL,
    signature text NOT NULL
);
CREATE TABLE public.clock_samples (
    community_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    fact_seq bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    server_time bigint NOT NULL,
    last_seq bigint NOT NULL
);
CREATE TABLE public.communities (
    community_id text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    zone text NOT NULL,
    contact text NOT NULL,
    created_at bigint NOT NULL,
    roster_version bigint NOT NULL
);
CREATE TABLE public.consents (
    community_id text NOT NULL,
    number text NOT NULL,
    purpose text NOT NULL,
    granted_at bigint,
    withdrawn_at bigint,
    recorded_by text NOT NULL,
    wording text NOT NULL
);
CREATE TABLE public.decisions (
    community_id text NOT NULL,
    decision_id text NOT NULL,
    kind text NOT NULL,
    by text NOT NULL,
    recorded_at bigint NOT NULL,
    reason text NOT NULL,
    shift_id text,
    event_id text,
    at bigint,
    volunteer text,
    day text,
    activity_id text,
    site_id text,
    started_at bigint,
    ended_at bigint,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.enrolment_codes (
    code_hash text NOT NULL,
    community_id text NOT NULL,
    kiosk_id text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    used_at bigint
);
CREATE TABLE public.event_members (
    community_id text NOT NULL,
    volunteer text NOT NULL,
    event_id text NOT NULL
);
CREATE TABLE public.events (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
)
PARTITION BY HASH (community_id);
CREATE TABLE public.events_0 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.events_1 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.events_2 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.events_3 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.events_4 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.events_5 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.events_6 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.events_7 (
    community_id text NOT NULL,
    event_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    seq bigint NOT NULL,
    salt text,
    body text,
    prev text NOT NULL,
    "inner" text NOT NULL,
    hash text NOT NULL,
    batch_seq bigint NOT NULL,
    status text NOT NULL,
    reason text,
    received_at bigint NOT NULL,
    boot_id text NOT NULL,
    uptime_ms bigint NOT NULL,
    wall bigint NOT NULL,
    clock text NOT NULL,
    at bigint NOT NULL,
    uncertainty bigint NOT NULL,
    site_id text NOT NULL,
    volunteer text,
    card_id text NOT NULL,
    medium text NOT NULL,
    proof text NOT NULL,
    activity_id text,
    activity_by text NOT NULL,
    role text NOT NULL,
    action text NOT NULL,
    target text,
    members text NOT NULL,
    shown text NOT NULL,
    standing text NOT NULL,
    standing_reason text
);
CREATE TABLE public.exports (
    community_id text NOT NULL,
    export_id text NOT NULL,
    at bigint NOT NULL,
    by text NOT NULL,
    what text NOT NULL,
    detail text NOT NULL,
    rows bigint NOT NULL
);
CREATE TABLE public.facts (
    community_id text NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    holds_from bigint NOT NULL,
    recorded_at bigint NOT NULL,
    recorded_by text NOT NULL,
    body text NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE public.journals (
    community_id text NOT NULL,
    kiosk_id text NOT NULL,
    journal_id text NOT NULL,
    prior_journal text,
    prior_head text,
    head_seq bigint NOT NULL,
    head_hash text NOT NULL,
    fork_seq bigint,
    first_received bigint NOT NULL,
    last_received bigint NOT NULL
);
CREATE TABLE public.kiosk_directory (
    kiosk_id text NOT NULL,
    community_id text NOT NULL
);
CREATE TABLE public.kiosk_nonces (
    nonce_hash text NOT NULL,
    kiosk_id text NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.kiosk_sessions (
    session_hash text NOT NULL,
    community_id text NOT NULL,
    kiosk_id text NOT NULL,
    counter bigint NOT NULL,
    expires_at bigint NOT NULL
);
CREATE TABLE public.kiosks (
    community_id text NOT NULL,
    kiosk_id text NOT NULL,
    name text NOT NULL,
    site_id text NOT NULL,
    state text NOT NULL,
    public_key text,
    since bigint NOT NULL,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.last_seen (
    community_id text NOT NULL,
    kiosk_id text NOT NULL,
    at bigint NOT NULL,
    roster_version bigint,
    clock text
);
CREATE TABLE public.ledger_lines (
    community_id text NOT NULL,
    tx_seq bigint NOT NULL,
    line bigint NOT NULL,
    book text NOT NULL,
    account text NOT NULL,
    grade text NOT NULL,
    day text NOT NULL,
    amount bigint NOT NULL
);
CREATE TABLE public.ledger_transactions (
    community_id text NOT NULL,
    seq bigint NOT NULL,
    kind text NOT NULL,
    subject text NOT NULL,
    revision bigint NOT NULL,
    posted_at bigint NOT NULL,
    posted_by text NOT NULL,
    body text NOT NULL,
    prev text NOT NULL,
    hash text NOT NULL
);
CREATE TABLE public.plan_members (
    community_id text NOT NULL,
    plan_id text NOT NULL,
    volunteer text NOT NULL,
    current boolean NOT NULL
);
CREATE TABLE public.plan_versions (
    community_id text NOT NULL,
    plan_id text NOT NULL,
    fact_seq bigint NOT NULL,
    activity_id text NOT NULL,
    site_id text NOT NULL,
    start bigint NOT NULL,
    "end" bigint NOT NULL,
    need bigint NOT NULL,
    members text NOT NULL,
    team_id text,
    cancelled boolean NOT NULL,
    holds_from bigint NOT NULL,
    recorded_at bigint NOT NULL
);
CREATE TABLE public.plans (
    community_id text NOT NULL,
    plan_id text NOT NULL,
    activity_id text NOT NULL,
    site_id text NOT NULL,
    start bigint NOT NULL,
    "end" bigint NOT NULL,
    need bigint NOT NULL,
    members text NOT NULL,
    team_id text,
    cancelled boolean NOT NULL,
    holds_from bigint NOT NULL,
    recorded_at bigint NOT NULL,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.policies (
    community_id text NOT NULL,
    name text NOT NULL,
    fact_seq bigint NOT NULL,
    value text NOT NULL,
    holds_from bigint NOT NULL,
    recorded_at bigint NOT NULL,
    recorded_by text NOT NULL
);
CREATE TABLE public.projections (
    community_id text NOT NULL,
    volunteer text NOT NULL,
    as_of bigint NOT NULL
);
CREATE TABLE public.roster_snapshots (
    community_id text NOT NULL,
    kiosk_id text NOT NULL,
    version bigint NOT NULL,
    hash text NOT NULL,
    day text NOT NULL,
    entries bytea NOT NULL
);
CREATE TABLE public.shifts (
    community_id text NOT NULL,
    shift_id text NOT NULL,
    volunteer text NOT NULL,
    activity_id text,
    site_id text NOT NULL,
    plan_id text,
    day text NOT NULL,
    started_at bigint NOT NULL,
    ended_at bigint,
    state text NOT NULL,
    grade text,
    proof text NOT NULL,
    minutes bigint NOT NULL,
    credited bigint NOT NULL,
    proposed_end bigint,
    known_at bigint NOT NULL,
    flags text NOT NULL,
    events text NOT NULL
);
CREATE TABLE public.sites (
    community_id text NOT NULL,
    site_id text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    role text NOT NULL,
    default_activity text,
    activities text NOT NULL,
    place text NOT NULL,
    active boolean NOT NULL,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.team_members (
    community_id text NOT NULL,
    team_id text NOT NULL,
    volunteer text NOT NULL,
    leader boolean NOT NULL
);
CREATE TABLE public.teams (
    community_id text NOT NULL,
    team_id text NOT NULL,
    name text NOT NULL,
    name_en text NOT NULL,
    active boolean NOT NULL,
    fact_seq bigint NOT NULL
);
CREATE TABLE public.tokens (
    token_hash text NOT NULL,
    community_id text NOT NULL,
    name text NOT NULL,
    scope text NOT NULL,
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint
);
CREATE TABLE public.users (
    user_id text NOT NULL,
    community_id text NOT NULL,
    username text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL,
    volunteer text,
    active boolean NOT NULL,
    created_at bigint NOT NULL,
    epoch bigint NOT NULL
);
CREATE TABLE public.volunteers (
    community_id text NOT NULL,
    number text NOT NULL,
    name text NOT NULL,
    pinyin text NOT NULL,
    initials text NOT NULL,
    sex text NOT NULL,
    birth text,
    phone text,
    area text NOT NULL,
    skills text NOT NULL,
    name_display text NOT NULL,
    nickname text NOT NULL,
    guardian text NOT NULL,
    id_number bytea,
    national_no text,
    joined_on text NOT NULL,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL,
    status text NOT NULL,
    team_id text,
    trained text NOT NULL,
    guardian_consent boolean NOT NULL
);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_0 FOR VALUES WITH (modulus 8, remainder 0);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_1 FOR VALUES WITH (modulus 8, remainder 1);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_2 FOR VALUES WITH (modulus 8, remainder 2);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_3 FOR VALUES WITH (modulus 8, remainder 3);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_4 FOR VALUES WITH (modulus 8, remainder 4);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_5 FOR VALUES WITH (modulus 8, remainder 5);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_6 FOR VALUES WITH (modulus 8, remainder 6);
ALTER TABLE ONLY public.events ATTACH PARTITION public.events_7 FOR VALUES WITH (modulus 8, remainder 7);
INSERT INTO public.activities VALUES
	('meihu', 'hut', '健康小屋', 'Health hut', 'service', '社区服务', 'uid', false, '[]', true, 1),
	('meihu', 'patrol', '巡逻', 'Patrol', 'patrol', '社区服务', 'uid', false, '[]', true, 2),
	('meihu', 'rehearsal', '排练', 'Rehearsal', 'non_service', '社区服务', 'uid', false, '[]', true, 3);
INSERT INTO public.alembic_version VALUES
	('0001');
INSERT INTO public.balances VALUES
	('meihu', 'community:service', 'hours', 'tapped', -268),
	('meihu', 'person:M0001', 'hours', 'tapped', 120),
	('meihu', 'community:service', 'points', 'tapped', -268),
	('meihu', 'person:M0001', 'points', 'tapped', 120),
	('meihu', 'person:M0004', 'hours', 'tapped', 113),
	('meihu', 'person:M0004', 'points', 'tapped', 113),
	('meihu', 'person:M0006', 'hours', 'tapped', 35),
	('meihu', 'person:M0006', 'points', 'tapped', 35),
	('meihu', 'community:service', 'hours', 'witnessed', -60),
	('meihu', 'person:M0007', 'hours', 'witnessed', 60),
	('meihu', 'community:service', 'points', 'witnessed', -60),
	('meihu', 'person:M0007', 'points', 'witnessed', 60),
	('meihu', 'community:service', 'hours', 'declared', -60),
	('meihu', 'person:M0009', 'hours', 'declared', 60);
INSERT INTO public.calendar VALUES
	('meihu', '2026-12-31', false, NULL, '测试', 34);
INSERT INTO public.cards VALUES
	('meihu', '4b403608eaedd6e3', 'M0001', 'active', 1795449600000, 'qr', 'static', NULL, 'fc6835bfaec11cc6b784513bf37f80bc', 'f0242c3395fd9bef88c71567510f5bc4c0cb1a4c3f23421dcb7a54f0cf608792', '1ad42b80ec463a670b13680c5af3801596f2625fe1d7e07e4324db86b21e651c5309ab8d9ea0f8a2b0c0150e565e59a727272f7708aa9a888f39c0cc5c395bb4bed077a24b5841e3237937f5082cc0e081565beb67b16a2ace507efac30d49', 1795449600000, 20),
	('meihu', '22068d952d8bd4f2', 'M0002', 'active', 1795449600000, 'qr', 'static', NULL, '0df3f6409103585531a2853ebd46c409', '5fb5e5a8b0477062e094b26c55c8dd3e480594d6925a874c7497074ed63c3b65', '42a8d4430d89e4ee77f4d150932819e1d4527e5d6c1dae64562712b3010d9a69608d11572fcb55e533759713e9dce127466aecb39bd2efea578ec74094aa1b29b8cd577e8c00e6678a321ad9fb5d19f6a86a9386536f3d7e7493fe2e151510', 1795449600000, 21),
	('meihu', '78081725e5ac08ab', 'M0003', 'active', 1795449600000, 'qr', 'static', NULL, '4d19498eeacda23688517f7762b1df33', '94bd6de65001eb8ba2ec6223f84c7859c591b130d23ec683bc887bde55b8abbc', '4a9b954f6c477ad90d8a9e22fe8c801aca2af4d1c3024c08b1b5f8cd43730203b49856e0ddcfa9c1591c410239443001839b4d4ec8d9f593e007dfcd70a4d3e3f87a7b282f5ed552c98f1fd870fc871f688b5e7c0dbd5e9b434bb0386af0a7', 1795449600000, 22),
	('meihu', '173100c6fe580291', 'M0004', 'active', 1795449600000, 'qr', 'static', NULL, 'ef938e700b9a9f8e42da98d30aadd9ed', '9bbbb12999abc9f3fa6419d6a31c68e4885b815dfa4ac136ebf5e40524294e9d', '7b1827ab8da37ebdbeb12d9441a6ab12b0bb30f20884de48cbc2bcc3cd0e06d866d69d2c9d41515215fd73a72561ed011417818a0c80cf6770423a371ca6b0efa224a1013810297eec3104070ed3369b219a568d67d5778ca7434eb3fa3875', 1795449600000, 23),
	('meihu', '2cddd49805dd5236', 'M0005', 'active', 1795449600000, 'qr', 'static', NULL, '776ee305907cd6cc85f6f01bc8830b1c', 'ff23142f3c4d7aa43d18fe678361fb89e0de0df16c07d47c0987f24d65f2de9d', '79752a396ce75a39be9e4e0081482d5d8cbe71a4de774d24493895e2f6f8f967e47cdae9ff40946ff6ee0078bdea8bd9b5255473e3e0a90ac8fe606d475de01da8c6d855769867f63144195e6ac502204282dfca938d8d345d3e14ff6d1fca', 1795449600000, 24),
	('meihu', 'b3df8e7721c87f5e', 'M0006', 'active', 1795449600000, 'qr', 'static', NULL, '5d0c11a1b7ec6ea34073f5614cda42aa', '8bcff5cbb074a865a2a8b0b832ffcea8c36ed96345af7f3dfa526c8d5284714c', '603cc454003a7e1740c3b2eaaac3cc91001d12a141cf8dca770b125f8b074dbabe902f6887d9195866c4e7c1e710ff7004115d12acf1f0aab3f85cb7331f0797b14f3153a02c102b71e808b403307b537c1167783b8367244af2a5e8b05e1a', 1795449600000, 25),
	('meihu', 'c1466b64d8a1efa8', 'M0007', 'active', 1795449600000, 'qr', 'static', NULL, '5b00ce61d78b7bbf87fdd61d110b9cca', '33b475d41232bb62c0d045257773f0f912f768b3383a6d8358e86a77febadb61', '900c1870e29801d4f30be24aa0179be41286add03c88a6acc430914c6a69974f39f736f7ee38ea628b65d4fe5649dd3ca6380bd9665c7b09888d8e6d94be2ad71a072e3c40cb758a5ecd01f124032b6bf1cbb1fe3a19f18d63be8a2b8afc51', 1795449600000, 26),
	('meihu', '1160c45c9f39ee1b', 'M0008', 'active', 1795449600000, 'qr', 'static', NULL, '6cd86e099e922d136a0739be41663aa9', 'f2b127238a5764b4cea9e4c8d81d8efc1ac7680c613283141ad668d041d26b21', 'c88ad3fbd6b4e2cc723f7b57927421366f352597507fb697d4dfbf82f3d0717b7a29db953a87d151b8f50cd2e9b2788c262ceadfe867c1f3fbe25a9effba8ed5e3ac70f68c753e014431a985605ffed59da769d38ee334e72c286c4ea5c8cc', 1795449600000, 27),
	('meihu', '77ff6e8b770a1a6c', 'M0009', 'active', 1795449600000, 'qr', 'static', NULL, '586827a4b463a730b410d97b43290067', '4e18b675ea804002f2bd0158fb17852c5891b094f2a1dc42f7b1ff673c2dc82e', '0d71ce813044d6eeb6595a3b427b5e90b582173827afe0e9ad0c4694947ca0468d43ce7148d217369084b2de6d965b8fd30b1cf924b6985da5400291adc7472527c2eb9fd84ee0e8a5dc780b6e4d753fe9cab013049b2b954210284b0d11d8', 1795449600000, 28),
	('meihu', '846ad8f5757f8665', 'M0011', 'active', 1795449600000, 'qr', 'static', NULL, '6e0dd683d7ae09804f987f8c33d0e408', 'c5d2f9d31761bf3da116a900d966b019ebebb2868871758ed9dedf2249f931eb', 'e2dd0e1c0f7ae472b439f9f91213bc0ee3137c92042c76b4fd3d7c7feccea17a4896670e264df3a4e041abd8fa84a53a4d3ec2ae449354d0475109206872f009712f60014d0b00aba201da19f176ee4bccb30310766ea89789651a3f25a2cc', 1795449600000, 30),
	('meihu', '45c8a77a712cd7e0', 'M0012', 'active', 1795449600000, 'qr', 'static', NULL, '4797d02adff4a051bf01fd79d136007f', '0a99483428abd1b925370bdb97e74c802c7adeddf76816d538f72e55c6fdd607', 'c5416723f79b37e92c3795c3140478559f9e5b187d1a9bf128d38e571612eff04f348e9cce2f229568bc0db463614910f25e823f3579a564e52d44bbf9278707ebb406ef410c7e11a70c5fcc0807ed1be51312fb0e299746111aae098eed2e', 1795449600000, 31),
	('meihu', 'e3f51f1019104b4a', 'M0010', 'lost', 1795593600000, 'qr', 'static', NULL, '650390f8995162809d2397b760255850', '508820f8732f7e675e2069d3ba21016f4bb01e45b417ea14b5199eb0c771f259', '6d3917a2c5a137f9f39c5e37ff54324bb7f15524059082ce40b4672bb098578f221c9da7c38ca0dfe1b3cfbd6c28202445f18e3d1c6cacf3ecc172087c115ebedc8a225d4fd7cb773008dfffe2071d43420c38dd196f76d3b41a6c3c204b6b', 1795449600000, 44);
INSERT INTO public.chain_heads VALUES
	('meihu', 'ledger', 5, 'c7b231ca8c5033b7d6357b7fc39e99da72730c1ba0bd2b521dfc181a5842f1d0', '780dc260cbb51dec4e8918a54aa20ef4cadf3025fece8ed10221bcf1ed504f31bdf65ed3bc2c55a0382f2997815b5ab72ffd72bc989e1304757b317348566e0c'),
	('meihu', 'facts', 44, 'f9a2fe1899cb434a59eda74197201806da8986827a41d38c46eab184a7fbd5d6', 'ba79aab33dc15b22de4aab1cf3a47053e6ee6d508f6501463e323d56426a0eb23de1bd8bcf68477f12d48d9863680c32c4209c0cda0a728dc0125c51508cc001');
INSERT INTO public.clock_samples VALUES
	('meihu', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 39, 'boot-1', 50400000, 1795500000000, 'synced', 1795500000000, 7),
	('meihu', '01a20922-b800-79da-bb6f-580f3d8746cb', '01a20922-b800-7e26-9c2a-47fa55d6b4d8', 40, 'boot-1', 50400000, 1795500000000, 'synced', 1795500000000, 5);
INSERT INTO public.communities VALUES
	('meihu', '美湖社区', 'Meihu', 'Asia/Shanghai', '', 1795449600000, 22);
INSERT INTO public.consents VALUES
	('meihu', 'M0001', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0002', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0003', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0004', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0005', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0006', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0007', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0008', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0009', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0010', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0011', 'record', 1795449600000, NULL, 'staff', '1'),
	('meihu', 'M0012', 'record', 1795449600000, NULL, 'staff', '1');
INSERT INTO public.decisions VALUES
	('meihu', '01a211b7-fc00-7c20-9a53-606792036a32', 'confirm_end', 'staff', 1795593600000, '在场', '01a20b11-1a80-7678-ad48-887d52d5fd2b', NULL, 1795485600000, 'M0007', NULL, NULL, NULL, NULL, NULL, 41),
	('meihu', '01a211b7-fc00-7bc8-ad69-734b2592f00f', 'declare_shift', 'staff', 1795593600000, '补录', NULL, NULL, NULL, 'M0009', NULL, 'hut', 'hub', 1795482000000, 1795485600000, 42);
INSERT INTO public.enrolment_codes VALUES
	('8851d429ae0492c2be4bec95939073ca311d6269c23d24128ca202a0b3959063', 'meihu', '01a20922-b800-7ed4-95bb-fd584a75d9a1', 1795449600000, 1795536000000, 1795449600000),
	('b1c3b4ba29e776e2d98e821a4fe977b9c04f09778b5ae1d0035357293a14af86', 'meihu', '01a20922-b800-79da-bb6f-580f3d8746cb', 1795449600000, 1795536000000, 1795449600000);
INSERT INTO public.event_members VALUES
	('meihu', 'M0002', '01a20bb5-e600-7584-b6d9-1238d6503798'),
	('meihu', 'M0003', '01a20bb5-e600-7584-b6d9-1238d6503798');
INSERT INTO public.events_4 VALUES
	('meihu', '01a20b11-1a80-7dcd-950f-28eb39ec1e24', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 1, 'b2ccf4992a5d01aff43e8624acaa160a', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"4b403608eaedd6e3","clock":"synced","event_id":"01a20b11-1a80-7dcd-950f-28eb39ec1e24","evidence":{"digest":"f0242c3395fd9bef88c71567510f5bc4c0cb1a4c3f23421dcb7a54f0cf608792"},"journal_id":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk_id":"01a20922-b800-7ed4-95bb-fd584a75d9a1","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":1,"shown":"shift_started","target":null,"uptime_ms":32400000,"v":1,"volunteer":"M0001","wall":1795482000000}', '67477100f9ea967cb4bd81429d00a0c175beddbca1a23cd279d8cd1fb2df3404', '3bb3ea18aeb3d7272fdcc5a16a8c49c791dad5c2e2eb23865a2a0510cdb5967f', '77601ba449dea037f0704a3b94e2a73fbfc8733f4d720b34e8beee04660399f4', 39, 'stored', NULL, 1795500000000, 'boot-1', 32400000, 1795482000000, 'synced', 1795482000000, 0, 'hut', 'M0001', '4b403608eaedd6e3', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_started', 'good', NULL),
	('meihu', '01a20b11-1a80-7678-ad48-887d52d5fd2b', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 2, '2080793cbad496c4b27a3029a3ad7703', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"c1466b64d8a1efa8","clock":"synced","event_id":"01a20b11-1a80-7678-ad48-887d52d5fd2b","evidence":{"digest":"33b475d41232bb62c0d045257773f0f912f768b3383a6d8358e86a77febadb61"},"journal_id":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk_id":"01a20922-b800-7ed4-95bb-fd584a75d9a1","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":2,"shown":"shift_started","target":null,"uptime_ms":32400000,"v":1,"volunteer":"M0007","wall":1795482000000}', '77601ba449dea037f0704a3b94e2a73fbfc8733f4d720b34e8beee04660399f4', '5d0c2b80a939c4f71c14f55f938ab0eacd61c2aed7ce91e01e26d4839a4e8432', '982f17bd402043c7241930b5f6ac273d50c3d6ed3059d0b1cc335d782024cc08', 39, 'stored', NULL, 1795500000000, 'boot-1', 32400000, 1795482000000, 'synced', 1795482000000, 0, 'hut', 'M0007', 'c1466b64d8a1efa8', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_started', 'good', NULL),
	('meihu', '01a20b15-ae60-7a0e-bee0-f764048369d4', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 3, '5e3755c7ad2fd7c427e2b09c88889977', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"173100c6fe580291","clock":"synced","event_id":"01a20b15-ae60-7a0e-bee0-f764048369d4","evidence":{"digest":"9bbbb12999abc9f3fa6419d6a31c68e4885b815dfa4ac136ebf5e40524294e9d"},"journal_id":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk_id":"01a20922-b800-7ed4-95bb-fd584a75d9a1","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":3,"shown":"shift_started","target":null,"uptime_ms":32700000,"v":1,"volunteer":"M0004","wall":1795482300000}', '982f17bd402043c7241930b5f6ac273d50c3d6ed3059d0b1cc335d782024cc08', '3f267a7e99788379328867a7c2076cc88695f0a52a32a20d151a3d4d67756b82', '51b9849a47a92dc3b2e7e1caa7c6478ade38109af20182940a8177951d7b88c4', 39, 'stored', NULL, 1795500000000, 'boot-1', 32700000, 1795482300000, 'synced', 1795482300000, 0, 'hut', 'M0004', '173100c6fe580291', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_started', 'good', NULL),
	('meihu', '01a20b1a-4240-7df2-903c-8585fb4073dc', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 4, 'aee4d71f3d365a781491c772d44e751d', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"b3df8e7721c87f5e","clock":"synced","event_id":"01a20b1a-4240-7df2-903c-8585fb4073dc","evidence":{"digest":"8bcff5cbb074a865a2a8b0b832ffcea8c36ed96345af7f3dfa526c8d5284714c"},"journal_id":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk_id":"01a20922-b800-7ed4-95bb-fd584a75d9a1","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":4,"shown":"shift_started","target":null,"uptime_ms":33000000,"v":1,"volunteer":"M0006","wall":1795482600000}', '51b9849a47a92dc3b2e7e1caa7c6478ade38109af20182940a8177951d7b88c4', 'cf4e921bf08d2ec02361a0c434c56eafdac98c714ed08b1ca613ee695fc39ca6', '4b5503a9cc221a23de25486d2ecd7102e4d78b653be2facb5095087ad9f3c527', 39, 'stored', NULL, 1795500000000, 'boot-1', 33000000, 1795482600000, 'synced', 1795482600000, 0, 'hut', 'M0006', 'b3df8e7721c87f5e', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_started', 'good', NULL),
	('meihu', '01a20b3a-4d60-73ab-9a35-9210e1a7c48b', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 5, '96c6c1e606eababf86c062b6efdb9eb6', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"b3df8e7721c87f5e","clock":"synced","event_id":"01a20b3a-4d60-73ab-9a35-9210e1a7c48b","evidence":{"digest":"8bcff5cbb074a865a2a8b0b832ffcea8c36ed96345af7f3dfa526c8d5284714c"},"journal_id":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk_id":"01a20922-b800-7ed4-95bb-fd584a75d9a1","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":5,"shown":"shift_ended","target":null,"uptime_ms":35100000,"v":1,"volunteer":"M0006","wall":1795484700000}', '4b5503a9cc221a23de25486d2ecd7102e4d78b653be2facb5095087ad9f3c527', 'ea153b1644749ce3479a88fd42ca00fc7ab3bc31a901fcb39a664953149da3ea', '91f2664e8ed0d10340436c9ebf5544e7b9dfcfe6d1858e7e652a31d37256d302', 39, 'stored', NULL, 1795500000000, 'boot-1', 35100000, 1795484700000, 'synced', 1795484700000, 0, 'hut', 'M0006', 'b3df8e7721c87f5e', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_ended', 'good', NULL),
	('meihu', '01a20b7d-22c0-704e-8847-cb68adf2596c', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 6, '0fe08ac0d486cf6b8a52234a50b78e5b', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"173100c6fe580291","clock":"synced","event_id":"01a20b7d-22c0-704e-8847-cb68adf2596c","evidence":{"digest":"9bbbb12999abc9f3fa6419d6a31c68e4885b815dfa4ac136ebf5e40524294e9d"},"journal_id":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk_id":"01a20922-b800-7ed4-95bb-fd584a75d9a1","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":6,"shown":"shift_ended","target":null,"uptime_ms":39480000,"v":1,"volunteer":"M0004","wall":1795489080000}', '91f2664e8ed0d10340436c9ebf5544e7b9dfcfe6d1858e7e652a31d37256d302', 'aed2f55bdb23c646865d46d915aaed28567081a18e883f1025b599b57a561a69', '85f5f2cf842182c9b398a66e776e3f0b3535d2411b8d58905f1078c04529f1b3', 39, 'stored', NULL, 1795500000000, 'boot-1', 39480000, 1795489080000, 'synced', 1795489080000, 0, 'hut', 'M0004', '173100c6fe580291', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_ended', 'good', NULL),
	('meihu', '01a20b7e-f780-7350-82da-998cf810cd0c', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', 7, '9bd6423d3beb26231b950ad56978fdd6', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"4b403608eaedd6e3","clock":"synced","event_id":"01a20b7e-f780-7350-82da-998cf810cd0c","evidence":{"digest":"f0242c3395fd9bef88c71567510f5bc4c0cb1a4c3f23421dcb7a54f0cf608792"},"journal_id":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk_id":"01a20922-b800-7ed4-95bb-fd584a75d9a1","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":7,"shown":"shift_ended","target":null,"uptime_ms":39600000,"v":1,"volunteer":"M0001","wall":1795489200000}', '85f5f2cf842182c9b398a66e776e3f0b3535d2411b8d58905f1078c04529f1b3', '7b19cb7a85bb54ada87e41705b6609f8f68b97777213f4b7b12ce51594eca818', '757c4627799fb982a597c991474bc48171499c1e5a1527854f1b937c5537a02e', 39, 'stored', NULL, 1795500000000, 'boot-1', 39600000, 1795489200000, 'synced', 1795489200000, 0, 'hut', 'M0001', '4b403608eaedd6e3', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_ended', 'good', NULL),
	('meihu', '01a20bb5-e600-7584-b6d9-1238d6503798', '01a20922-b800-79da-bb6f-580f3d8746cb', '01a20922-b800-7e26-9c2a-47fa55d6b4d8', 1, 'e46f314147b792cf68ece589f6b01158', '{"action":"team_open","activity_by":"default","activity_id":"patrol","boot_id":"boot-1","card_id":"4b403608eaedd6e3","clock":"synced","event_id":"01a20bb5-e600-7584-b6d9-1238d6503798","evidence":{"digest":"f0242c3395fd9bef88c71567510f5bc4c0cb1a4c3f23421dcb7a54f0cf608792"},"journal_id":"01a20922-b800-7e26-9c2a-47fa55d6b4d8","kiosk_id":"01a20922-b800-79da-bb6f-580f3d8746cb","medium":"qr","members":["M0002","M0003"],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":1,"shown":"team_opened","target":null,"uptime_ms":43200000,"v":1,"volunteer":"M0001","wall":1795492800000}', 'c0eede7ec44b6c6aa80a8c047d8bf44f34a54cca4854d5066d4c025e2a276beb', '37176d11ea22809d25ce39f0f864bb341756540453a65cd46f452f99c25a8d74', 'eee4fa95b013539a9fac373072fedab4d30e2ce55f7652c894370a22f26fcee6', 40, 'stored', NULL, 1795500000000, 'boot-1', 43200000, 1795492800000, 'synced', 1795492800000, 0, 'hub', 'M0001', '4b403608eaedd6e3', 'qr', 'static', 'patrol', 'default', 'desk', 'team_open', NULL, '["M0002","M0003"]', 'team_opened', 'good', NULL),
	('meihu', '01a20bba-79e0-7fd6-b170-cf21c503c1aa', '01a20922-b800-79da-bb6f-580f3d8746cb', '01a20922-b800-7e26-9c2a-47fa55d6b4d8', 2, 'acf80d9c7ac791e8d314c261cecdcedb', '{"action":"auto","activity_by":"default","activity_id":"patrol","boot_id":"boot-1","card_id":"22068d952d8bd4f2","clock":"synced","event_id":"01a20bba-79e0-7fd6-b170-cf21c503c1aa","evidence":{"digest":"5fb5e5a8b0477062e094b26c55c8dd3e480594d6925a874c7497074ed63c3b65"},"journal_id":"01a20922-b800-7e26-9c2a-47fa55d6b4d8","kiosk_id":"01a20922-b800-79da-bb6f-580f3d8746cb","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":2,"shown":"shift_started","target":null,"uptime_ms":43500000,"v":1,"volunteer":"M0002","wall":1795493100000}', 'eee4fa95b013539a9fac373072fedab4d30e2ce55f7652c894370a22f26fcee6', '8f1163233d907f3cbc5ac44b3fa474628e4b4a80b4c45a0fce6cc68757ccb4df', '536cd544593e50ca96e0395c0115d66ee6351232558219910e495434f5c41ed3', 40, 'stored', NULL, 1795500000000, 'boot-1', 43500000, 1795493100000, 'synced', 1795493100000, 0, 'hub', 'M0002', '22068d952d8bd4f2', 'qr', 'static', 'patrol', 'default', 'desk', 'auto', NULL, '[]', 'shift_started', 'good', NULL),
	('meihu', '01a20bec-d480-7a56-a2e3-987e50ab9a52', '01a20922-b800-79da-bb6f-580f3d8746cb', '01a20922-b800-7e26-9c2a-47fa55d6b4d8', 3, '6e80314552e260d2fa0c63ee4defb22f', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"2cddd49805dd5236","clock":"unsynced","event_id":"01a20bec-d480-7a56-a2e3-987e50ab9a52","evidence":{"digest":"ff23142f3c4d7aa43d18fe678361fb89e0de0df16c07d47c0987f24d65f2de9d"},"journal_id":"01a20922-b800-7e26-9c2a-47fa55d6b4d8","kiosk_id":"01a20922-b800-79da-bb6f-580f3d8746cb","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":3,"shown":"shift_started","target":null,"uptime_ms":46800000,"v":1,"volunteer":"M0005","wall":1000}', '536cd544593e50ca96e0395c0115d66ee6351232558219910e495434f5c41ed3', '05f60f9f8578238adea2dc1dd5fafdfffd74b09caf3fd509b4a12ac768a2d0e6', 'd81ced4c1ef8bf455025d828e96b40a39a698f554db54db59de951be855169da', 40, 'stored', NULL, 1795500000000, 'boot-1', 46800000, 1000, 'unsynced', 1795496400000, 0, 'hub', 'M0005', '2cddd49805dd5236', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'shift_started', 'good', NULL),
	('meihu', '01a20bec-d480-7f94-94d8-ee4476786d4b', '01a20922-b800-79da-bb6f-580f3d8746cb', '01a20922-b800-7e26-9c2a-47fa55d6b4d8', 4, '26bd88552beae2745eaecdd4608b6a5f', '{"action":"auto","activity_by":"default","activity_id":"hut","boot_id":"boot-1","card_id":"1160c45c9f39ee1b","clock":"synced","event_id":"01a20bec-d480-7f94-94d8-ee4476786d4b","evidence":{"digest":"f2b127238a5764b4cea9e4c8d81d8efc1ac7680c613283141ad668d041d26b21"},"journal_id":"01a20922-b800-7e26-9c2a-47fa55d6b4d8","kiosk_id":"01a20922-b800-79da-bb6f-580f3d8746cb","medium":"qr","members":[],"policy_version":null,"proof":"static","role":"desk","roster_version":null,"seq":4,"shown":"card_lost","target":null,"uptime_ms":46800000,"v":1,"volunteer":"M0008","wall":1795496400000}', 'd81ced4c1ef8bf455025d828e96b40a39a698f554db54db59de951be855169da', '9c6ee58a08e88c9c872c8cc7064489efe7984a28c08d3858e2c2ad43c2b1e6f6', '1d39f77d3487c8785b98b66a780eb09cb24e55218dd704b7dc3074e7da420bab', 40, 'stored', NULL, 1795500000000, 'boot-1', 46800000, 1795496400000, 'synced', 1795496400000, 0, 'hub', 'M0008', '1160c45c9f39ee1b', 'qr', 'static', 'hut', 'default', 'desk', 'auto', NULL, '[]', 'card_lost', 'shown_refused', 'card_lost'),
	('meihu', 'unreadable:254b854a4061a32abfe88c9c0620cb5fef2c372497ea0c2a2c7853f22cf60fcf', '01a20922-b800-79da-bb6f-580f3d8746cb', '01a20922-b800-7e26-9c2a-47fa55d6b4d8', 5, 'cfa32178ed52613e00b966ac0dd2a836', 'no event at all', '1d39f77d3487c8785b98b66a780eb09cb24e55218dd704b7dc3074e7da420bab', '6c561bbfd1b58d4b455f1dba44170d94442cf2677e43223f58eb51ccebde78a4', '254b854a4061a32abfe88c9c0620cb5fef2c372497ea0c2a2c7853f22cf60fcf', 40, 'quarantined', 'unreadable', 1795500000000, '', 0, 0, '', 1795500000000, 0, '', NULL, '', '', 'none', NULL, '', '', '', NULL, '[]', '', 'quarantined', 'unreadable');
INSERT INTO public.facts VALUES
	('meihu', 1, 'activity', 'hut', 1795449600000, 1795449600000, 'staff', '{"active":true,"category":"社区服务","checkpoints":[],"kind":"service","least_proof":"uid","name":"健康小屋","name_en":"Health hut","training":false}', 'a016ec3267ba1f8d38f44d887cee18ca7dc7d07acd8df1caf1503ef4d89a311b', '9e8a490f666eb1d1a020f8a343a2578e5fb5ffd197fdb5cd72b4c9140c05ec2c'),
	('meihu', 2, 'activity', 'patrol', 1795449600000, 1795449600000, 'staff', '{"active":true,"category":"社区服务","checkpoints":[],"kind":"patrol","least_proof":"uid","name":"巡逻","name_en":"Patrol","training":false}', '9e8a490f666eb1d1a020f8a343a2578e5fb5ffd197fdb5cd72b4c9140c05ec2c', '5cccb7884b3777c480cad7c87f95b718ce8e3eb72f6face235c94c5defb5c25c'),
	('meihu', 3, 'activity', 'rehearsal', 1795449600000, 1795449600000, 'staff', '{"active":true,"category":"社区服务","checkpoints":[],"kind":"non_service","least_proof":"uid","name":"排练","name_en":"Rehearsal","training":false}', '5cccb7884b3777c480cad7c87f95b718ce8e3eb72f6face235c94c5defb5c25c', '9ff96d44c9cadccd1bc56e0daede404545a739f68cf3fd50f34e0e2d4396b87c'),
	('meihu', 4, 'site', 'hut', 1795449600000, 1795449600000, 'staff', '{"active":true,"activities":["hut","rehearsal"],"default_activity":"hut","name":"健康小屋","name_en":"","place":{},"role":"desk"}', '9ff96d44c9cadccd1bc56e0daede404545a739f68cf3fd50f34e0e2d4396b87c', '615497b1295cd6d0de02fb9f43dbff80a9b789c8dd8657b81dfb6a25a0309d52'),
	('meihu', 5, 'site', 'hub', 1795449600000, 1795449600000, 'staff', '{"active":true,"activities":["hut","patrol"],"default_activity":"hut","name":"孵化园","name_en":"","place":{},"role":"desk"}', '615497b1295cd6d0de02fb9f43dbff80a9b789c8dd8657b81dfb6a25a0309d52', 'ea72b2ad74d704a63ca4bcfe18ad073ec96ec00cdbfbe68bb91af005584542cc'),
	('meihu', 6, 'site', 'gate', 1795449600000, 1795449600000, 'staff', '{"active":true,"activities":[],"default_activity":null,"name":"东门","name_en":"","place":{},"role":"checkpoint"}', 'ea72b2ad74d704a63ca4bcfe18ad073ec96ec00cdbfbe68bb91af005584542cc', '9b11ee76e985e9ebdac6bcf3e56e72043b88d2055fb11b75f40c94c403978d7a'),
	('meihu', 7, 'member', 'M0001', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '9b11ee76e985e9ebdac6bcf3e56e72043b88d2055fb11b75f40c94c403978d7a', '3d0f016b869938c54cb539508a5bf30e6be27800308130d0355be0e6d2bb84b4'),
	('meihu', 8, 'member', 'M0002', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '3d0f016b869938c54cb539508a5bf30e6be27800308130d0355be0e6d2bb84b4', '00469a6f0a7ec64b6ba3c82e45cac20caf5db8de5908858b58a93ebcad910d71'),
	('meihu', 9, 'member', 'M0003', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '00469a6f0a7ec64b6ba3c82e45cac20caf5db8de5908858b58a93ebcad910d71', 'e8e7ab36bd83014f3977163ca18cd66915bc54c6639759cd9967455366d3db8b'),
	('meihu', 10, 'member', 'M0004', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', 'e8e7ab36bd83014f3977163ca18cd66915bc54c6639759cd9967455366d3db8b', 'b24ddd17e840a2493cb96499c3eefb92410aa712add251b77806f1106324fd74'),
	('meihu', 11, 'member', 'M0005', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', 'b24ddd17e840a2493cb96499c3eefb92410aa712add251b77806f1106324fd74', '2eda4c3ec7aa34cf2958ab7b17dcb8a0ded24fde41a1c8646e0e9a3ad5beeb51'),
	('meihu', 12, 'member', 'M0006', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '2eda4c3ec7aa34cf2958ab7b17dcb8a0ded24fde41a1c8646e0e9a3ad5beeb51', '8a0c6bf659f652efaee066c8f8ea72d8adeef998b7fcd150b483a993048943f9'),
	('meihu', 13, 'member', 'M0007', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '8a0c6bf659f652efaee066c8f8ea72d8adeef998b7fcd150b483a993048943f9', '33cfbe26986665d15ac85d6b5fd95ea7446a6211be3fa1d36cce1da821724ade'),
	('meihu', 14, 'member', 'M0008', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '33cfbe26986665d15ac85d6b5fd95ea7446a6211be3fa1d36cce1da821724ade', 'af68ed1a1eb0a4e5f44dc31ab112d6f547ad8f069b5739c8d80de431c723a236'),
	('meihu', 15, 'member', 'M0009', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', 'af68ed1a1eb0a4e5f44dc31ab112d6f547ad8f069b5739c8d80de431c723a236', '7e057c4033a6e59f6048a2c9db75881fca589367385920605f874b7d5d4eb7d9'),
	('meihu', 16, 'member', 'M0010', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '7e057c4033a6e59f6048a2c9db75881fca589367385920605f874b7d5d4eb7d9', '5d59867be039789950d6f6f107fe36206379d4fb3cf94a499d1316a51ea440bd'),
	('meihu', 17, 'member', 'M0011', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '5d59867be039789950d6f6f107fe36206379d4fb3cf94a499d1316a51ea440bd', '1d9a4bf90e6047295f9dce3d5878d8c8818d339f9495359adb80b194a4ee29cb'),
	('meihu', 18, 'member', 'M0012', 1795449600000, 1795449600000, 'staff', '{"guardian_consent":false,"status":"active","team_id":null,"trained":[]}', '1d9a4bf90e6047295f9dce3d5878d8c8818d339f9495359adb80b194a4ee29cb', 'e7b2bdd2e0e3a1bc92359e0024b762aeb8b3952a26b5a60d38cf2ee454d11b95'),
	('meihu', 19, 'team', 't1', 1795449600000, 1795449600000, 'staff', '{"active":true,"leaders":["M0001"],"members":["M0002","M0003"],"name":"平安美湖","name_en":""}', 'e7b2bdd2e0e3a1bc92359e0024b762aeb8b3952a26b5a60d38cf2ee454d11b95', '95963da55ab213959a8b96d8dca5ad4a127b43e7030e112233bfe669c2eb37d0'),
	('meihu', 20, 'binding', '4b403608eaedd6e3', 1795449600000, 1795449600000, 'staff', '{"digest":"f0242c3395fd9bef88c71567510f5bc4c0cb1a4c3f23421dcb7a54f0cf608792","issued_at":1795449600000,"lookup":"fc6835bfaec11cc6b784513bf37f80bc","medium":"qr","not_after":null,"proof":"static","sealed":"1ad42b80ec463a670b13680c5af3801596f2625fe1d7e07e4324db86b21e651c5309ab8d9ea0f8a2b0c0150e565e59a727272f7708aa9a888f39c0cc5c395bb4bed077a24b5841e3237937f5082cc0e081565beb67b16a2ace507efac30d49","state":"active","volunteer":"M0001"}', '95963da55ab213959a8b96d8dca5ad4a127b43e7030e112233bfe669c2eb37d0', 'ce13c45bf6e798ad884f74fc0c06be99d768fcd13542eae8018a95bc60bcafa5'),
	('meihu', 21, 'binding', '22068d952d8bd4f2', 1795449600000, 1795449600000, 'staff', '{"digest":"5fb5e5a8b0477062e094b26c55c8dd3e480594d6925a874c7497074ed63c3b65","issued_at":1795449600000,"lookup":"0df3f6409103585531a2853ebd46c409","medium":"qr","not_after":null,"proof":"static","sealed":"42a8d4430d89e4ee77f4d150932819e1d4527e5d6c1dae64562712b3010d9a69608d11572fcb55e533759713e9dce127466aecb39bd2efea578ec74094aa1b29b8cd577e8c00e6678a321ad9fb5d19f6a86a9386536f3d7e7493fe2e151510","state":"active","volunteer":"M0002"}', 'ce13c45bf6e798ad884f74fc0c06be99d768fcd13542eae8018a95bc60bcafa5', '89be2eed6c908cd4012095a026ab84d932f0619868cebc6e697d3ffa88de9bde'),
	('meihu', 22, 'binding', '78081725e5ac08ab', 1795449600000, 1795449600000, 'staff', '{"digest":"94bd6de65001eb8ba2ec6223f84c7859c591b130d23ec683bc887bde55b8abbc","issued_at":1795449600000,"lookup":"4d19498eeacda23688517f7762b1df33","medium":"qr","not_after":null,"proof":"static","sealed":"4a9b954f6c477ad90d8a9e22fe8c801aca2af4d1c3024c08b1b5f8cd43730203b49856e0ddcfa9c1591c410239443001839b4d4ec8d9f593e007dfcd70a4d3e3f87a7b282f5ed552c98f1fd870fc871f688b5e7c0dbd5e9b434bb0386af0a7","state":"active","volunteer":"M0003"}', '89be2eed6c908cd4012095a026ab84d932f0619868cebc6e697d3ffa88de9bde', '557cbb3b73ecc668393463289edbb718f6d1699391e1efc7679f02a90a224080'),
	('meihu', 23, 'binding', '173100c6fe580291', 1795449600000, 1795449600000, 'staff', '{"digest":"9bbbb12999abc9f3fa6419d6a31c68e4885b815dfa4ac136ebf5e40524294e9d","issued_at":1795449600000,"lookup":"ef938e700b9a9f8e42da98d30aadd9ed","medium":"qr","not_after":null,"proof":"static","sealed":"7b1827ab8da37ebdbeb12d9441a6ab12b0bb30f20884de48cbc2bcc3cd0e06d866d69d2c9d41515215fd73a72561ed011417818a0c80cf6770423a371ca6b0efa224a1013810297eec3104070ed3369b219a568d67d5778ca7434eb3fa3875","state":"active","volunteer":"M0004"}', '557cbb3b73ecc668393463289edbb718f6d1699391e1efc7679f02a90a224080', '98104a7eb1d12cad079ec5da3c3827964dcf6e980a954ebf631a78cd3eec6778'),
	('meihu', 24, 'binding', '2cddd49805dd5236', 1795449600000, 1795449600000, 'staff', '{"digest":"ff23142f3c4d7aa43d18fe678361fb89e0de0df16c07d47c0987f24d65f2de9d","issued_at":1795449600000,"lookup":"776ee305907cd6cc85f6f01bc8830b1c","medium":"qr","not_after":null,"proof":"static","sealed":"79752a396ce75a39be9e4e0081482d5d8cbe71a4de774d24493895e2f6f8f967e47cdae9ff40946ff6ee0078bdea8bd9b5255473e3e0a90ac8fe606d475de01da8c6d855769867f63144195e6ac502204282dfca938d8d345d3e14ff6d1fca","state":"active","volunteer":"M0005"}', '98104a7eb1d12cad079ec5da3c3827964dcf6e980a954ebf631a78cd3eec6778', '1ef4d27d6bcec1d410a5733e132a5f5731043fd70af2c59505f16e8b9022dedf'),
	('meihu', 25, 'binding', 'b3df8e7721c87f5e', 1795449600000, 1795449600000, 'staff', '{"digest":"8bcff5cbb074a865a2a8b0b832ffcea8c36ed96345af7f3dfa526c8d5284714c","issued_at":1795449600000,"lookup":"5d0c11a1b7ec6ea34073f5614cda42aa","medium":"qr","not_after":null,"proof":"static","sealed":"603cc454003a7e1740c3b2eaaac3cc91001d12a141cf8dca770b125f8b074dbabe902f6887d9195866c4e7c1e710ff7004115d12acf1f0aab3f85cb7331f0797b14f3153a02c102b71e808b403307b537c1167783b8367244af2a5e8b05e1a","state":"active","volunteer":"M0006"}', '1ef4d27d6bcec1d410a5733e132a5f5731043fd70af2c59505f16e8b9022dedf', '3e0e791fdc12025e12c97bab0df2672f9d7914d5614178d4355e77649573f1b2'),
	('meihu', 26, 'binding', 'c1466b64d8a1efa8', 1795449600000, 1795449600000, 'staff', '{"digest":"33b475d41232bb62c0d045257773f0f912f768b3383a6d8358e86a77febadb61","issued_at":1795449600000,"lookup":"5b00ce61d78b7bbf87fdd61d110b9cca","medium":"qr","not_after":null,"proof":"static","sealed":"900c1870e29801d4f30be24aa0179be41286add03c88a6acc430914c6a69974f39f736f7ee38ea628b65d4fe5649dd3ca6380bd9665c7b09888d8e6d94be2ad71a072e3c40cb758a5ecd01f124032b6bf1cbb1fe3a19f18d63be8a2b8afc51","state":"active","volunteer":"M0007"}', '3e0e791fdc12025e12c97bab0df2672f9d7914d5614178d4355e77649573f1b2', 'c634081627feb2c19a1e1fe24f787feec29e673ac88e0fc4630c7d5193d9981f'),
	('meihu', 27, 'binding', '1160c45c9f39ee1b', 1795449600000, 1795449600000, 'staff', '{"digest":"f2b127238a5764b4cea9e4c8d81d8efc1ac7680c613283141ad668d041d26b21","issued_at":1795449600000,"lookup":"6cd86e099e922d136a0739be41663aa9","medium":"qr","not_after":null,"proof":"static","sealed":"c88ad3fbd6b4e2cc723f7b57927421366f352597507fb697d4dfbf82f3d0717b7a29db953a87d151b8f50cd2e9b2788c262ceadfe867c1f3fbe25a9effba8ed5e3ac70f68c753e014431a985605ffed59da769d38ee334e72c286c4ea5c8cc","state":"active","volunteer":"M0008"}', 'c634081627feb2c19a1e1fe24f787feec29e673ac88e0fc4630c7d5193d9981f', 'c3cd19ef870a165ed4c616e0abfb699b6d8bb60d2aa2d223e083265fc80227e8'),
	('meihu', 28, 'binding', '77ff6e8b770a1a6c', 1795449600000, 1795449600000, 'staff', '{"digest":"4e18b675ea804002f2bd0158fb17852c5891b094f2a1dc42f7b1ff673c2dc82e","issued_at":1795449600000,"lookup":"586827a4b463a730b410d97b43290067","medium":"qr","not_after":null,"proof":"static","sealed":"0d71ce813044d6eeb6595a3b427b5e90b582173827afe0e9ad0c4694947ca0468d43ce7148d217369084b2de6d965b8fd30b1cf924b6985da5400291adc7472527c2eb9fd84ee0e8a5dc780b6e4d753fe9cab013049b2b954210284b0d11d8","state":"active","volunteer":"M0009"}', 'c3cd19ef870a165ed4c616e0abfb699b6d8bb60d2aa2d223e083265fc80227e8', '68bf2070965d3e44ff2a478c7fde4930a2dd86e95db52e356e14a2d8c9f45ae3'),
	('meihu', 29, 'binding', 'e3f51f1019104b4a', 1795449600000, 1795449600000, 'staff', '{"digest":"508820f8732f7e675e2069d3ba21016f4bb01e45b417ea14b5199eb0c771f259","issued_at":1795449600000,"lookup":"650390f8995162809d2397b760255850","medium":"qr","not_after":null,"proof":"static","sealed":"6d3917a2c5a137f9f39c5e37ff54324bb7f15524059082ce40b4672bb098578f221c9da7c38ca0dfe1b3cfbd6c28202445f18e3d1c6cacf3ecc172087c115ebedc8a225d4fd7cb773008dfffe2071d43420c38dd196f76d3b41a6c3c204b6b","state":"active","volunteer":"M0010"}', '68bf2070965d3e44ff2a478c7fde4930a2dd86e95db52e356e14a2d8c9f45ae3', '261ef0fe71867ca7cb01196790a338a9df355054ce4b294d45ed96d7d72baea3'),
	('meihu', 30, 'binding', '846ad8f5757f8665', 1795449600000, 1795449600000, 'staff', '{"digest":"c5d2f9d31761bf3da116a900d966b019ebebb2868871758ed9dedf2249f931eb","issued_at":1795449600000,"lookup":"6e0dd683d7ae09804f987f8c33d0e408","medium":"qr","not_after":null,"proof":"static","sealed":"e2dd0e1c0f7ae472b439f9f91213bc0ee3137c92042c76b4fd3d7c7feccea17a4896670e264df3a4e041abd8fa84a53a4d3ec2ae449354d0475109206872f009712f60014d0b00aba201da19f176ee4bccb30310766ea89789651a3f25a2cc","state":"active","volunteer":"M0011"}', '261ef0fe71867ca7cb01196790a338a9df355054ce4b294d45ed96d7d72baea3', '3a74712236a932c8ad22af98e140b8f04407e8759db7caa60b281f8a92a82de8'),
	('meihu', 31, 'binding', '45c8a77a712cd7e0', 1795449600000, 1795449600000, 'staff', '{"digest":"0a99483428abd1b925370bdb97e74c802c7adeddf76816d538f72e55c6fdd607","issued_at":1795449600000,"lookup":"4797d02adff4a051bf01fd79d136007f","medium":"qr","not_after":null,"proof":"static","sealed":"c5416723f79b37e92c3795c3140478559f9e5b187d1a9bf128d38e571612eff04f348e9cce2f229568bc0db463614910f25e823f3579a564e52d44bbf9278707ebb406ef410c7e11a70c5fcc0807ed1be51312fb0e299746111aae098eed2e","state":"active","volunteer":"M0012"}', '3a74712236a932c8ad22af98e140b8f04407e8759db7caa60b281f8a92a82de8', 'd0f5606a91c493af560a579c5f77f4620913e57a50f762b3b8c22eb177b061d6'),
	('meihu', 32, 'plan', 'p1', 1795449600000, 1795449600000, 'staff', '{"activity_id":"hut","cancelled":false,"end":1795489200000,"members":["M0001"],"need":1,"site_id":"hut","start":1795482000000,"team_id":null}', 'd0f5606a91c493af560a579c5f77f4620913e57a50f762b3b8c22eb177b061d6', '1122de398d8b40041f9e2e0a22af25ffbb09b66183df4658e959877ecb81bc8f'),
	('meihu', 33, 'plan', 'p2', 1795449600000, 1795449600000, 'staff', '{"activity_id":"hut","cancelled":false,"end":1795489200000,"members":["M0004","M0005"],"need":1,"site_id":"hut","start":1795482000000,"team_id":null}', '1122de398d8b40041f9e2e0a22af25ffbb09b66183df4658e959877ecb81bc8f', 'fa39927d60eab3368008cea29835be81506ca49750506b3b8d710b8d5c3e2a08'),
	('meihu', 34, 'calendar', '2026-12-31', 1795449600000, 1795449600000, 'staff', '{"name":"测试","school":null,"working":false}', 'fa39927d60eab3368008cea29835be81506ca49750506b3b8d710b8d5c3e2a08', '9bb3407d32ea7171aa6ffe0321d7761178177ac946ddb699adde099054c4162d'),
	('meihu', 35, 'kiosk', '01a20922-b800-7ed4-95bb-fd584a75d9a1', 1795449600000, 1795449600000, 'staff', '{"name":"kiosk","public_key":null,"site_id":"hut","state":"pending"}', '9bb3407d32ea7171aa6ffe0321d7761178177ac946ddb699adde099054c4162d', 'b4101ea6a7347588df1d69f3cbfba946038cbea24bf66413cb8d23074f697123'),
	('meihu', 36, 'kiosk', '01a20922-b800-7ed4-95bb-fd584a75d9a1', 1795449600000, 1795449600000, 'kiosk', '{"name":"kiosk","public_key":"8320a51977d8c38ca8a4927c670df5821e449761945e15e9efb26a1509d230ea","site_id":"hut","state":"active"}', 'b4101ea6a7347588df1d69f3cbfba946038cbea24bf66413cb8d23074f697123', '7395ea85d57c3361317f1c3dd0cf992726f93d75579398c7d3593016244ebb32'),
	('meihu', 37, 'kiosk', '01a20922-b800-79da-bb6f-580f3d8746cb', 1795449600000, 1795449600000, 'staff', '{"name":"second","public_key":null,"site_id":"hub","state":"pending"}', '7395ea85d57c3361317f1c3dd0cf992726f93d75579398c7d3593016244ebb32', 'b69042929b33be023987dff789c0dcfb81e69454b2f93103694e1229915734bb'),
	('meihu', 38, 'kiosk', '01a20922-b800-79da-bb6f-580f3d8746cb', 1795449600000, 1795449600000, 'kiosk', '{"name":"second","public_key":"8320a51977d8c38ca8a4927c670df5821e449761945e15e9efb26a1509d230ea","site_id":"hub","state":"active"}', 'b69042929b33be023987dff789c0dcfb81e69454b2f93103694e1229915734bb', '28715ad6999350ce94aea6034daaa105a51445bf1c266e54bbc3c0334e4449ca'),
	('meihu', 39, 'batch', '01a20922-b800-7ed4-95bb-fd584a75d9a1', 1795500000000, 1795500000000, 'kiosk:01a20922-b800-7ed4-95bb-fd584a75d9a1', '{"count":7,"digest":"98c7f6c2d8efd1481357beb29e663bcd40b4dac0e52e15a95bc9cd2b42a1def8","fork_seq":null,"head_hash":"757c4627799fb982a597c991474bc48171499c1e5a1527854f1b937c5537a02e","head_seq":7,"journal":"01a20922-b800-73a3-8f0a-11821f1e8472","kiosk":"01a20922-b800-7ed4-95bb-fd584a75d9a1","prior_head":null,"prior_journal":null,"sample":{"boot_id":"boot-1","clock":"synced","last_seq":7,"server_time":1795500000000,"uptime_ms":50400000,"wall":1795500000000}}', '28715ad6999350ce94aea6034daaa105a51445bf1c266e54bbc3c0334e4449ca', '9d50a237e199c17a0f5c4bb337a64f5cde4102635dd060c9ee4a00ae1c8579ee'),
	('meihu', 40, 'batch', '01a20922-b800-79da-bb6f-580f3d8746cb', 1795500000000, 1795500000000, 'kiosk:01a20922-b800-79da-bb6f-580f3d8746cb', '{"count":5,"digest":"4e5ff40b2f65d370a9e9309b410f753a3a2e2e7a86b88219adc6dcd5f24c36b0","fork_seq":null,"head_hash":"254b854a4061a32abfe88c9c0620cb5fef2c372497ea0c2a2c7853f22cf60fcf","head_seq":5,"journal":"01a20922-b800-7e26-9c2a-47fa55d6b4d8","kiosk":"01a20922-b800-79da-bb6f-580f3d8746cb","prior_head":null,"prior_journal":null,"sample":{"boot_id":"boot-1","clock":"synced","last_seq":5,"server_time":1795500000000,"uptime_ms":50400000,"wall":1795500000000}}', '9d50a237e199c17a0f5c4bb337a64f5cde4102635dd060c9ee4a00ae1c8579ee', '66bf9d9033f66dc5755d8bb033191b0c5e029be73775ea77a47ffc1546257458'),
	('meihu', 41, 'decision', '01a211b7-fc00-7c20-9a53-606792036a32', 1795593600000, 1795593600000, 'staff', '{"activity_id":null,"at":1795485600000,"day":null,"ended_at":null,"event_id":null,"kind":"confirm_end","reason":"在场","shift_id":"01a20b11-1a80-7678-ad48-887d52d5fd2b","site_id":null,"started_at":null,"volunteer":"M0007"}', '66bf9d9033f66dc5755d8bb033191b0c5e029be73775ea77a47ffc1546257458', '78eaedeba467ed24096678f14cd509639cc2c3d02275f6fdf650d4888621e716'),
	('meihu', 42, 'decision', '01a211b7-fc00-7bc8-ad69-734b2592f00f', 1795593600000, 1795593600000, 'staff', '{"activity_id":"hut","at":null,"day":null,"ended_at":1795485600000,"event_id":null,"kind":"declare_shift","reason":"补录","shift_id":null,"site_id":"hub","started_at":1795482000000,"volunteer":"M0009"}', '78eaedeba467ed24096678f14cd509639cc2c3d02275f6fdf650d4888621e716', 'f4ebff96ba2875a121eac90cbc04592b00377ab9458eed34357243429fe494bd'),
	('meihu', 43, 'policy', 'minimum', 1795593600000, 1795593600000, 'staff', '{"value":20}', 'f4ebff96ba2875a121eac90cbc04592b00377ab9458eed34357243429fe494bd', 'b9300a23cf3987060c4063a0146807e2ca3dc5f698713166099963dff02e1631'),
	('meihu', 44, 'binding', 'e3f51f1019104b4a', 1795593600000, 1795593600000, 'staff', '{"digest":"508820f8732f7e675e2069d3ba21016f4bb01e45b417ea14b5199eb0c771f259","issued_at":1795449600000,"lookup":"650390f8995162809d2397b760255850","medium":"qr","not_after":null,"proof":"static","sealed":"6d3917a2c5a137f9f39c5e37ff54324bb7f15524059082ce40b4672bb098578f221c9da7c38ca0dfe1b3cfbd6c28202445f18e3d1c6cacf3ecc172087c115ebedc8a225d4fd7cb773008dfffe2071d43420c38dd196f76d3b41a6c3c204b6b","state":"lost","volunteer":"M0010"}', 'b9300a23cf3987060c4063a0146807e2ca3dc5f698713166099963dff02e1631', 'f9a2fe1899cb434a59eda74197201806da8986827a41d38c46eab184a7fbd5d6');
INSERT INTO public.journals VALUES
	('meihu', '01a20922-b800-7ed4-95bb-fd584a75d9a1', '01a20922-b800-73a3-8f0a-11821f1e8472', NULL, NULL, 7, '757c4627799fb982a597c991474bc48171499c1e5a1527854f1b937c5537a02e', NULL, 1795500000000, 1795500000000),
	('meihu', '01a20922-b800-79da-bb6f-580f3d8746cb', '01a20922-b800-7e26-9c2a-47fa55d6b4d8', NULL, NULL, 5, '254b854a4061a32abfe88c9c0620cb5fef2c372497ea0c2a2c7853f22cf60fcf', NULL, 1795500000000, 1795500000000);
INSERT INTO public.kiosk_directory VALUES
	('01a20922-b800-7ed4-95bb-fd584a75d9a1', 'meihu'),
	('01a20922-b800-79da-bb6f-580f3d8746cb', 'meihu');
INSERT INTO public.kiosks VALUES
	('meihu', '01a20922-b800-7ed4-95bb-fd584a75d9a1', 'kiosk', 'hut', 'active', '8320a51977d8c38ca8a4927c670df5821e449761945e15e9efb26a1509d230ea', 1795449600000, 36),
	('meihu', '01a20922-b800-79da-bb6f-580f3d8746cb', 'second', 'hub', 'active', '8320a51977d8c38ca8a4927c670df5821e449761945e15e9efb26a1509d230ea', 1795449600000, 38);
INSERT INTO public.ledger_lines VALUES
	('meihu', 1, 0, 'hours', 'community:service', 'tapped', '2026-11-24', -120),
	('meihu', 1, 1, 'hours', 'person:M0001', 'tapped', '2026-11-24', 120),
	('meihu', 1, 2, 'points', 'community:service', 'tapped', '2026-11-24', -120),
	('meihu', 1, 3, 'points', 'person:M0001', 'tapped', '2026-11-24', 120),
	('meihu', 2, 0, 'hours', 'community:service', 'tapped', '2026-11-24', -113),
	('meihu', 2, 1, 'hours', 'person:M0004', 'tapped', '2026-11-24', 113),
	('meihu', 2, 2, 'points', 'community:service', 'tapped', '2026-11-24', -113),
	('meihu', 2, 3, 'points', 'person:M0004', 'tapped', '2026-11-24', 113),
	('meihu', 3, 0, 'hours', 'community:service', 'tapped', '2026-11-24', -35),
	('meihu', 3, 1, 'hours', 'person:M0006', 'tapped', '2026-11-24', 35),
	('meihu', 3, 2, 'points', 'community:service', 'tapped', '2026-11-24', -35),
	('meihu', 3, 3, 'points', 'person:M0006', 'tapped', '2026-11-24', 35),
	('meihu', 4, 0, 'hours', 'community:service', 'witnessed', '2026-11-24', -60),
	('meihu', 4, 1, 'hours', 'person:M0007', 'witnessed', '2026-11-24', 60),
	('meihu', 4, 2, 'points', 'community:service', 'witnessed', '2026-11-24', -60),
	('meihu', 4, 3, 'points', 'person:M0007', 'witnessed', '2026-11-24', 60),
	('meihu', 5, 0, 'hours', 'community:service', 'declared', '2026-11-24', -60),
	('meihu', 5, 1, 'hours', 'person:M0009', 'declared', '2026-11-24', 60);
INSERT INTO public.ledger_transactions VALUES
	('meihu', 1, 'shift', '01a20b11-1a80-7dcd-950f-28eb39ec1e24', 1, 1795500000000, 'kiosk:01a20922-b800-7ed4-95bb-fd584a75d9a1', '{"allocations":[],"lots_expire":"2027-12-31","period":"2026-11","posted_on":"2026-11-24","reason":"","reverses":null}', 'f5c742b3d85d9c8379deb2857e11055aef89d19c9d140a417d495f07925d407d', '40a3936f5ddb2e286cb35bce2dcf77fbd26311c3375584e5bdadfd4c3a26c07d'),
	('meihu', 2, 'shift', '01a20b15-ae60-7a0e-bee0-f764048369d4', 1, 1795500000000, 'kiosk:01a20922-b800-7ed4-95bb-fd584a75d9a1', '{"allocations":[],"lots_expire":"2027-12-31","period":"2026-11","posted_on":"2026-11-24","reason":"","reverses":null}', '40a3936f5ddb2e286cb35bce2dcf77fbd26311c3375584e5bdadfd4c3a26c07d', 'b1601bdb471b7a7df43ae0bb46e4e459b070701e687593aa1e0e87485a30b255'),
	('meihu', 3, 'shift', '01a20b1a-4240-7df2-903c-8585fb4073dc', 1, 1795500000000, 'kiosk:01a20922-b800-7ed4-95bb-fd584a75d9a1', '{"allocations":[],"lots_expire":"2027-12-31","period":"2026-11","posted_on":"2026-11-24","reason":"","reverses":null}', 'b1601bdb471b7a7df43ae0bb46e4e459b070701e687593aa1e0e87485a30b255', '41355135a838e7ecc2e9a52bad72e7f1a406a1e6e36dadf0b2b64fd83ee9a651'),
	('meihu', 4, 'shift', '01a20b11-1a80-7678-ad48-887d52d5fd2b', 1, 1795593600000, 'staff', '{"allocations":[],"lots_expire":"2027-12-31","period":"2026-11","posted_on":"2026-11-25","reason":"","reverses":null}', '41355135a838e7ecc2e9a52bad72e7f1a406a1e6e36dadf0b2b64fd83ee9a651', '2bc61af1e86f9f5dc4ad75417754e6efe8a377fe80d8481f7012b3bbd3b0f883'),
	('meihu', 5, 'shift', '01a211b7-fc00-7bc8-ad69-734b2592f00f', 1, 1795593600000, 'staff', '{"allocations":[],"lots_expire":"2027-12-31","period":"2026-11","posted_on":"2026-11-25","reason":"","reverses":null}', '2bc61af1e86f9f5dc4ad75417754e6efe8a377fe80d8481f7012b3bbd3b0f883', 'c7b231ca8c5033b7d6357b7fc39e99da72730c1ba0bd2b521dfc181a5842f1d0');
INSERT INTO public.plan_members VALUES
	('meihu', 'p1', 'M0001', true),
	('meihu', 'p2', 'M0005', true),
	('meihu', 'p2', 'M0004', true);
INSERT INTO public.plan_versions VALUES
	('meihu', 'p1', 32, 'hut', 'hut', 1795482000000, 1795489200000, 1, '["M0001"]', NULL, false, 1795449600000, 1795449600000),
	('meihu', 'p2', 33, 'hut', 'hut', 1795482000000, 1795489200000, 1, '["M0004","M0005"]', NULL, false, 1795449600000, 1795449600000);
INSERT INTO public.plans VALUES
	('meihu', 'p1', 'hut', 'hut', 1795482000000, 1795489200000, 1, '["M0001"]', NULL, false, 1795449600000, 1795449600000, 32),
	('meihu', 'p2', 'hut', 'hut', 1795482000000, 1795489200000, 1, '["M0004","M0005"]', NULL, false, 1795449600000, 1795449600000, 33);
INSERT INTO public.policies VALUES
	('meihu', 'minimum', 43, '{"value":20}', 1795593600000, 1795593600000, 'staff');
INSERT INTO public.projections VALUES
	('meihu', 'M0004', 1795500000000),
	('meihu', 'M0006', 1795500000000),
	('meihu', 'M0002', 1795500000000),
	('meihu', 'M0001', 1795500000000),
	('meihu', 'M0008', 1795500000000),
	('meihu', 'M0003', 1795593600000),
	('meihu', 'M0005', 1795593600000),
	('meihu', 'M0007', 1795593600000),
	('meihu', 'M0009', 1795593600000);
INSERT INTO public.shifts VALUES
	('meihu', '01a20b11-1a80-7dcd-950f-28eb39ec1e24', 'M0001', 'hut', 'hut', 'p1', '2026-11-24', 1795482000000, 1795489200000, 'closed', 'tapped', 'static', 120, 120, NULL, 1795500000000, '[]', '["01a20b11-1a80-7dcd-950f-28eb39ec1e24","01a20b7e-f780-7350-82da-998cf810cd0c"]'),
	('meihu', '01a20b15-ae60-7a0e-bee0-f764048369d4', 'M0004', 'hut', 'hut', 'p2', '2026-11-24', 1795482300000, 1795489080000, 'closed', 'tapped', 'static', 113, 113, NULL, 1795500000000, '[]', '["01a20b15-ae60-7a0e-bee0-f764048369d4","01a20b7d-22c0-704e-8847-cb68adf2596c"]'),
	('meihu', '01a20b1a-4240-7df2-903c-8585fb4073dc', 'M0006', 'hut', 'hut', NULL, '2026-11-24', 1795482600000, 1795484700000, 'closed', 'tapped', 'static', 35, 35, NULL, 1795500000000, '[]', '["01a20b1a-4240-7df2-903c-8585fb4073dc","01a20b3a-4d60-73ab-9a35-9210e1a7c48b"]'),
	('meihu', '01a20bb5-e600-7584-b6d9-1238d6503798/M0002', 'M0002', 'patrol', 'hub', NULL, '2026-11-24', 1795492800000, 1795493100000, 'void', 'witnessed', 'static', 0, 0, NULL, 1795500000000, '["below_minimum","shown_differs"]', '["01a20bb5-e600-7584-b6d9-1238d6503798","01a20bba-79e0-7fd6-b170-cf21c503c1aa"]'),
	('meihu', '01a20bb5-e600-7584-b6d9-1238d6503798/M0003', 'M0003', 'patrol', 'hub', NULL, '2026-11-24', 1795492800000, NULL, 'end_missing', NULL, 'static', 0, 0, NULL, 1795514400000, '[]', '["01a20bb5-e600-7584-b6d9-1238d6503798"]'),
	('meihu', '01a20bec-d480-7a56-a2e3-987e50ab9a52', 'M0005', 'hut', 'hub', NULL, '2026-11-24', 1795496400000, NULL, 'end_missing', NULL, 'static', 0, 0, NULL, 1795518000000, '[]', '["01a20bec-d480-7a56-a2e3-987e50ab9a52"]'),
	('meihu', '01a20b11-1a80-7678-ad48-887d52d5fd2b', 'M0007', 'hut', 'hut', NULL, '2026-11-24', 1795482000000, 1795485600000, 'closed', 'witnessed', 'static', 60, 60, NULL, 1795503600000, '["end_confirmed"]', '["01a20b11-1a80-7678-ad48-887d52d5fd2b"]'),
	('meihu', '01a211b7-fc00-7bc8-ad69-734b2592f00f', 'M0009', 'hut', 'hub', NULL, '2026-11-24', 1795482000000, 1795485600000, 'closed', 'declared', 'none', 60, 60, NULL, 1795593600000, '[]', '[]');
INSERT INTO public.sites VALUES
	('meihu', 'hut', '健康小屋', '', 'desk', 'hut', '["hut","rehearsal"]', '{}', true, 4),
	('meihu', 'hub', '孵化园', '', 'desk', 'hut', '["hut","patrol"]', '{}', true, 5),
	('meihu', 'gate', '东门', '', 'checkpoint', NULL, '[]', '{}', true, 6);
INSERT INTO public.team_members VALUES
	('meihu', 't1', 'M0002', false),
	('meihu', 't1', 'M0003', false),
	('meihu', 't1', 'M0001', true);
INSERT INTO public.teams VALUES
	('meihu', 't1', '平安美湖', '', true, 19);
INSERT INTO public.users VALUES
	('01a211b7-fc00-7c33-981e-3becccdfe692', 'meihu', 'anna', 'scrypt$16384$403eece6ea6f9b88a61f60b8f8e796e5$b5f91d23d0fc5fb5ad3f1e240d794690b1893a3557557615bcff0afa3062f95d', 'staff', NULL, true, 1795593600000, 0);
INSERT INTO public.volunteers VALUES
	('meihu', 'M0001', '测试0', '测试0', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0002', '测试1', '测试1', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0003', '测试2', '测试2', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0004', '测试3', '测试3', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0005', '测试4', '测试4', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0006', '测试5', '测试5', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0007', '测试6', '测试6', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0008', '测试7', '测试7', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0009', '测试8', '测试8', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0010', '测试9', '测试9', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0011', '测试10', '测试10', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false),
	('meihu', 'M0012', '测试11', '测试11', '测', 'f', '1960-01-01', NULL, '', '[]', 'title', '', '{}', NULL, NULL, '', 1795449600000, 1795449600000, 'active', NULL, '[]', false);
ALTER TABLE ONLY public.alembic_version
    ADD CONSTRAINT alembic_version_pkc PRIMARY KEY (version_num);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT uq_events_place_in_journal UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_0
    ADD CONSTRAINT events_0_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events
    ADD CONSTRAINT pk_events PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_0
    ADD CONSTRAINT events_0_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_1
    ADD CONSTRAINT events_1_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_1
    ADD CONSTRAINT events_1_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_2
    ADD CONSTRAINT events_2_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_2
    ADD CONSTRAINT events_2_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_3
    ADD CONSTRAINT events_3_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_3
    ADD CONSTRAINT events_3_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_4
    ADD CONSTRAINT events_4_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_4
    ADD CONSTRAINT events_4_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_5
    ADD CONSTRAINT events_5_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_5
    ADD CONSTRAINT events_5_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_6
    ADD CONSTRAINT events_6_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_6
    ADD CONSTRAINT events_6_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.events_7
    ADD CONSTRAINT events_7_community_id_kiosk_id_journal_id_seq_hash_key UNIQUE (community_id, kiosk_id, journal_id, seq, hash);
ALTER TABLE ONLY public.events_7
    ADD CONSTRAINT events_7_pkey PRIMARY KEY (community_id, event_id);
ALTER TABLE ONLY public.activities
    ADD CONSTRAINT pk_activities PRIMARY KEY (community_id, activity_id);
ALTER TABLE ONLY public.balances
    ADD CONSTRAINT pk_balances PRIMARY KEY (community_id, account, book, grade);
ALTER TABLE ONLY public.calendar
    ADD CONSTRAINT pk_calendar PRIMARY KEY (community_id, day);
ALTER TABLE ONLY public.cards
    ADD CONSTRAINT pk_cards PRIMARY KEY (community_id, card_id);
ALTER TABLE ONLY public.chain_heads
    ADD CONSTRAINT pk_chain_heads PRIMARY KEY (community_id, chain);
ALTER TABLE ONLY public.clock_samples
    ADD CONSTRAINT pk_clock_samples PRIMARY KEY (community_id, kiosk_id, journal_id, fact_seq);
ALTER TABLE ONLY public.communities
    ADD CONSTRAINT pk_communities PRIMARY KEY (community_id);
ALTER TABLE ONLY public.consents
    ADD CONSTRAINT pk_consents PRIMARY KEY (community_id, number, purpose);
ALTER TABLE ONLY public.decisions
    ADD CONSTRAINT pk_decisions PRIMARY KEY (community_id, decision_id);
ALTER TABLE ONLY public.enrolment_codes
    ADD CONSTRAINT pk_enrolment_codes PRIMARY KEY (code_hash);
ALTER TABLE ONLY public.event_members
    ADD CONSTRAINT pk_event_members PRIMARY KEY (community_id, volunteer, event_id);
ALTER TABLE ONLY public.exports
    ADD CONSTRAINT pk_exports PRIMARY KEY (community_id, export_id);
ALTER TABLE ONLY public.facts
    ADD CONSTRAINT pk_facts PRIMARY KEY (community_id, seq);
ALTER TABLE ONLY public.journals
    ADD CONSTRAINT pk_journals PRIMARY KEY (community_id, kiosk_id, journal_id);
ALTER TABLE ONLY public.kiosk_directory
    ADD CONSTRAINT pk_kiosk_directory PRIMARY KEY (kiosk_id);
ALTER TABLE ONLY public.kiosk_nonces
    ADD CONSTRAINT pk_kiosk_nonces PRIMARY KEY (nonce_hash);
ALTER TABLE ONLY public.kiosk_sessions
    ADD CONSTRAINT pk_kiosk_sessions PRIMARY KEY (session_hash);
ALTER TABLE ONLY public.kiosks
    ADD CONSTRAINT pk_kiosks PRIMARY KEY (community_id, kiosk_id);
ALTER TABLE ONLY public.last_seen
    ADD CONSTRAINT pk_last_seen PRIMARY KEY (community_id, kiosk_id);
ALTER TABLE ONLY public.ledger_lines
    ADD CONSTRAINT pk_ledger_lines PRIMARY KEY (community_id, tx_seq, line);
ALTER TABLE ONLY public.ledger_transactions
    ADD CONSTRAINT pk_ledger_transactions PRIMARY KEY (community_id, seq);
ALTER TABLE ONLY public.plan_members
    ADD CONSTRAINT pk_plan_members PRIMARY KEY (community_id, plan_id, volunteer);
ALTER TABLE ONLY public.plan_versions
    ADD CONSTRAINT pk_plan_versions PRIMARY KEY (community_id, plan_id, fact_seq);
ALTER TABLE ONLY public.plans
    ADD CONSTRAINT pk_plans PRIMARY KEY (community_id, plan_id);
ALTER TABLE ONLY public.policies
    ADD CONSTRAINT pk_policies PRIMARY KEY (community_id, name, fact_seq);
ALTER TABLE ONLY public.projections
    ADD CONSTRAINT pk_projections PRIMARY KEY (community_id, volunteer);
ALTER TABLE ONLY public.roster_snapshots
    ADD CONSTRAINT pk_roster_snapshots PRIMARY KEY (community_id, kiosk_id, version);
ALTER TABLE ONLY public.shifts
    ADD CONSTRAINT pk_shifts PRIMARY KEY (community_id, shift_id);
ALTER TABLE ONLY public.sites
    ADD CONSTRAINT pk_sites PRIMARY KEY (community_id, site_id);
ALTER TABLE ONLY public.team_members
    ADD CONSTRAINT pk_team_members PRIMARY KEY (community_id, team_id, volunteer);
ALTER TABLE ONLY public.teams
    ADD CONSTRAINT pk_teams PRIMARY KEY (community_id, team_id);
ALTER TABLE ONLY public.tokens
    ADD CONSTRAINT pk_tokens PRIMARY KEY (token_hash);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT pk_users PRIMARY KEY (user_id);
ALTER TABLE ONLY public.volunteers
    ADD CONSTRAINT pk_volunteers PRIMARY KEY (community_id, number);
ALTER TABLE ONLY public.users
    ADD CONSTRAINT uq_users_username UNIQUE (username);
CREATE INDEX ix_events_at ON ONLY public.events USING btree (community_id, at);
CREATE INDEX events_0_community_id_at_idx ON public.events_0 USING btree (community_id, at);
CREATE INDEX ix_events_batch ON ONLY public.events USING btree (community_id, batch_seq);
CREATE INDEX events_0_community_id_batch_seq_idx ON public.events_0 USING btree (community_id, batch_seq);
CREATE INDEX ix_events_card ON ONLY public.events USING btree (community_id, card_id);
CREATE INDEX events_0_community_id_card_id_idx ON public.events_0 USING btree (community_id, card_id);
CREATE INDEX ix_events_target ON ONLY public.events USING btree (community_id, target);
CREATE INDEX events_0_community_id_target_idx ON public.events_0 USING btree (community_id, target);
CREATE INDEX ix_events_volunteer ON ONLY public.events USING btree (community_id, volunteer, at);
CREATE INDEX events_0_community_id_volunteer_at_idx ON public.events_0 USING btree (community_id, volunteer, at);
CREATE INDEX events_1_community_id_at_idx ON public.events_1 USING btree (community_id, at);
CREATE INDEX events_1_community_id_batch_seq_idx ON public.events_1 USING btree (community_id, batch_seq);
CREATE INDEX events_1_community_id_card_id_idx ON public.events_1 USING btree (community_id, card_id);
CREATE INDEX events_1_community_id_target_idx ON public.events_1 USING btree (community_id, target);
CREATE INDEX events_1_community_id_volunteer_at_idx ON public.events_1 USING btree (community_id, volunteer, at);
CREATE INDEX events_2_community_id_at_idx ON public.events_2 USING btree (community_id, at);
CREATE INDEX events_2_community_id_batch_seq_idx ON public.events_2 USING btree (community_id, batch_seq);
CREATE INDEX events_2_community_id_card_id_idx ON public.events_2 USING btree (community_id, card_id);
CREATE INDEX events_2_community_id_target_idx ON public.events_2 USING btree (community_id, target);
CREATE INDEX events_2_community_id_volunteer_at_idx ON public.events_2 USING btree (community_id, volunteer, at);
CREATE INDEX events_3_community_id_at_idx ON public.events_3 USING btree (community_id, at);
CREATE INDEX events_3_community_id_batch_seq_idx ON public.events_3 USING btree (community_id, batch_seq);
CREATE INDEX events_3_community_id_card_id_idx ON public.events_3 USING btree (community_id, card_id);
CREATE INDEX events_3_community_id_target_idx ON public.events_3 USING btree (community_id, target);
CREATE INDEX events_3_community_id_volunteer_at_idx ON public.events_3 USING btree (community_id, volunteer, at);
CREATE INDEX events_4_community_id_at_idx ON public.events_4 USING btree (community_id, at);
CREATE INDEX events_4_community_id_batch_seq_idx ON public.events_4 USING btree (community_id, batch_seq);
CREATE INDEX events_4_community_id_card_id_idx ON public.events_4 USING btree (community_id, card_id);
CREATE INDEX events_4_community_id_target_idx ON public.events_4 USING btree (community_id, target);
CREATE INDEX events_4_community_id_volunteer_at_idx ON public.events_4 USING btree (community_id, volunteer, at);
CREATE INDEX events_5_community_id_at_idx ON public.events_5 USING btree (community_id, at);
CREATE INDEX events_5_community_id_batch_seq_idx ON public.events_5 USING btree (community_id, batch_seq);
CREATE INDEX events_5_community_id_card_id_idx ON public.events_5 USING btree (community_id, card_id);
CREATE INDEX events_5_community_id_target_idx ON public.events_5 USING btree (community_id, target);
CREATE INDEX events_5_community_id_volunteer_at_idx ON public.events_5 USING btree (community_id, volunteer, at);
CREATE INDEX events_6_community_id_at_idx ON public.events_6 USING btree (community_id, at);
CREATE INDEX events_6_community_id_batch_seq_idx ON public.events_6 USING btree (community_id, batch_seq);
CREATE INDEX events_6_community_id_card_id_idx ON public.events_6 USING btree (community_id, card_id);
CREATE INDEX events_6_community_id_target_idx ON public.events_6 USING btree (community_id, target);
CREATE INDEX events_6_community_id_volunteer_at_idx ON public.events_6 USING btree (community_id, volunteer, at);
CREATE INDEX events_7_community_id_at_idx ON public.events_7 USING btree (community_id, at);
CREATE INDEX events_7_community_id_batch_seq_idx ON public.events_7 USING btree (community_id, batch_seq);
CREATE INDEX events_7_community_id_card_id_idx ON public.events_7 USING btree (community_id, card_id);
CREATE INDEX events_7_community_id_target_idx ON public.events_7 USING btree (community_id, target);
CREATE INDEX events_7_community_id_volunteer_at_idx ON public.events_7 USING btree (community_id, volunteer, at);
CREATE INDEX ix_cards_lookup ON public.cards USING btree (community_id, lookup);
CREATE INDEX ix_cards_volunteer ON public.cards USING btree (community_id, volunteer);
CREATE INDEX ix_decisions_event ON public.decisions USING btree (community_id, event_id);
CREATE INDEX ix_decisions_shift ON public.decisions USING btree (community_id, shift_id);
CREATE INDEX ix_decisions_volunteer ON public.decisions USING btree (community_id, volunteer);
CREATE INDEX ix_facts_subject ON public.facts USING btree (community_id, kind, subject, seq);
CREATE INDEX ix_ledger_lines_account ON public.ledger_lines USING btree (community_id, account, book, day);
CREATE INDEX ix_ledger_transactions_subject ON public.ledger_transactions USING btree (community_id, subject);
CREATE INDEX ix_plan_members_volunteer ON public.plan_members USING btree (community_id, volunteer);
CREATE INDEX ix_plans_start ON public.plans USING btree (community_id, start);
CREATE INDEX ix_shifts_day ON public.shifts USING btree (community_id, day);
CREATE INDEX ix_shifts_state ON public.shifts USING btree (community_id, state);
CREATE INDEX ix_shifts_volunteer ON public.shifts USING btree (community_id, volunteer, started_at);
CREATE INDEX ix_team_members_volunteer ON public.team_members USING btree (community_id, volunteer);
CREATE INDEX ix_volunteers_initials ON public.volunteers USING btree (community_id, initials);
CREATE INDEX ix_volunteers_phone ON public.volunteers USING btree (community_id, phone);
CREATE INDEX ix_volunteers_team ON public.volunteers USING btree (community_id, team_id);
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_0_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_0_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_0_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_0_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_0_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_0_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_0_pkey;
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_1_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_1_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_1_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_1_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_1_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_1_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_1_pkey;
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_2_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_2_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_2_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_2_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_2_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_2_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_2_pkey;
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_3_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_3_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_3_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_3_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_3_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_3_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_3_pkey;
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_4_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_4_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_4_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_4_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_4_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_4_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_4_pkey;
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_5_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_5_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_5_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_5_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_5_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_5_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_5_pkey;
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_6_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_6_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_6_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_6_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_6_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_6_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_6_pkey;
ALTER INDEX public.ix_events_at ATTACH PARTITION public.events_7_community_id_at_idx;
ALTER INDEX public.ix_events_batch ATTACH PARTITION public.events_7_community_id_batch_seq_idx;
ALTER INDEX public.ix_events_card ATTACH PARTITION public.events_7_community_id_card_id_idx;
ALTER INDEX public.uq_events_place_in_journal ATTACH PARTITION public.events_7_community_id_kiosk_id_journal_id_seq_hash_key;
ALTER INDEX public.ix_events_target ATTACH PARTITION public.events_7_community_id_target_idx;
ALTER INDEX public.ix_events_volunteer ATTACH PARTITION public.events_7_community_id_volunteer_at_idx;
ALTER INDEX public.pk_events ATTACH PARTITION public.events_7_pkey;
CREATE TRIGGER events_no_delete BEFORE DELETE ON public.events FOR EACH ROW EXECUTE FUNCTION public.yika_written_once();
CREATE TRIGGER events_no_update BEFORE UPDATE ON public.events FOR EACH ROW WHEN (((old.community_id IS DISTINCT FROM new.community_id) OR (old.event_id IS DISTINCT FROM new.event_id) OR (old.kiosk_id IS DISTINCT FROM new.kiosk_id) OR (old.journal_id IS DISTINCT FROM new.journal_id) OR (old.seq IS DISTINCT FROM new.seq) OR (old.prev IS DISTINCT FROM new.prev) OR (old."inner" IS DISTINCT FROM new."inner") OR (old.hash IS DISTINCT FROM new.hash) OR (old.batch_seq IS DISTINCT FROM new.batch_seq) OR (old.status IS DISTINCT FROM new.status) OR (old.reason IS DISTINCT FROM new.reason) OR (old.received_at IS DISTINCT FROM new.received_at) OR (NOT (((NOT (old.salt IS DISTINCT FROM new.salt)) AND (NOT (old.body IS DISTINCT FROM new.body))) OR ((new.salt IS NULL) AND (new.body IS NULL)))))) EXECUTE FUNCTION public.yika_written_once();
CREATE TRIGGER facts_no_delete BEFORE DELETE ON public.facts FOR EACH STATEMENT EXECUTE FUNCTION public.yika_written_once();
CREATE TRIGGER facts_no_update BEFORE UPDATE ON public.facts FOR EACH STATEMENT EXECUTE FUNCTION public.yika_written_once();
CREATE TRIGGER ledger_lines_no_delete BEFORE DELETE ON public.ledger_lines FOR EACH STATEMENT EXECUTE FUNCTION public.yika_written_once();
CREATE TRIGGER ledger_lines_no_update BEFORE UPDATE ON public.ledger_lines FOR EACH STATEMENT EXECUTE FUNCTION public.yika_written_once();
CREATE TRIGGER ledger_transactions_no_delete BEFORE DELETE ON public.ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION public.yika_written_once();
CREATE TRIGGER ledger_transactions_no_update BEFORE UPDATE ON public.ledger_transactions FOR EACH STATEMENT EXECUTE FUNCTION public.yika_written_once();
ALTER TABLE ONLY public.ledger_lines
    ADD CONSTRAINT fk_ledger_lines_ledger_transactions FOREIGN KEY (community_id, tx_seq) REFERENCES public.ledger_transactions(community_id, seq);
