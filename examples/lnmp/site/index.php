<?php
// Shows which versions run, counts visits in the database, and says which container answered.
declare(strict_types=1);

function connect(): PDO
{
    $password = trim((string) file_get_contents(getenv('DB_PASSWORD_FILE')));
    $source = sprintf('mysql:host=%s;dbname=%s;charset=utf8mb4', getenv('DB_HOST'), getenv('DB_NAME'));
    return new PDO($source, getenv('DB_USER'), $password, [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION]);
}

function count_visit(PDO $db): int
{
    $db->exec('CREATE TABLE IF NOT EXISTS visits (id INT PRIMARY KEY, counter BIGINT NOT NULL) ENGINE=InnoDB');
    $db->exec('INSERT INTO visits VALUES (1, 1) ON DUPLICATE KEY UPDATE counter = counter + 1');
    return (int) $db->query('SELECT counter FROM visits WHERE id = 1')->fetchColumn();
}

try {
    $db = connect();
    $facts = [
        'PHP' => PHP_VERSION,
        'MariaDB' => $db->query('SELECT VERSION()')->fetchColumn(),
        'Visits' => count_visit($db),
        'Answered by' => gethostname(),
    ];
} catch (PDOException $problem) {
    http_response_code(503);
    $facts = ['PHP' => PHP_VERSION, 'Database' => 'unavailable: ' . $problem->getMessage()];
}

if (($_GET['format'] ?? '') === 'text') {
    header('Content-Type: text/plain; charset=utf-8');
    foreach ($facts as $name => $value) {
        echo "$name: $value\n";
    }
    exit;
}
?>
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>LNMP on hoist</title>
  <style>
    body { font: 18px/1.6 system-ui, sans-serif; max-width: 34rem; margin: 12vh auto; color: #1d2733; }
    dt { color: #66788a; font-size: .85rem; }
    dd { margin: 0 0 .8rem; font-size: 1.3rem; }
  </style>
</head>
<body>
  <h1>It works</h1>
  <dl>
<?php foreach ($facts as $name => $value): ?>
    <dt><?= htmlspecialchars((string) $name) ?></dt>
    <dd><?= htmlspecialchars((string) $value) ?></dd>
<?php endforeach ?>
  </dl>
</body>
</html>
